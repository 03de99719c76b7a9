"""The what-if lab: Streamlit pages over the REST operations, for questions no fixed page answers.

It computes no figure. Every number comes from the server as text and is shown as it came; charts
alone turn texts into floats, to draw them.
"""
