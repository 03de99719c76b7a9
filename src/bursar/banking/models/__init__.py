"""Inputs and outputs of banking, by noun."""
