"""The door to the lab: Streamlit under /lab, loaded when somebody first opens it.

Everything under it needs a session, and its websocket also this very origin. The lab itself is a
client of the REST operations like any other and is never imported here: Streamlit runs its script.
"""

from bursar.interfaces.lab.mount import Lab, lab_routes

__all__ = ["Lab", "lab_routes"]
