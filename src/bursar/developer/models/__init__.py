"""Inputs and outputs of developer."""
