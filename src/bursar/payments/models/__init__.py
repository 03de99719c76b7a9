"""Inputs and outputs of payments, by noun."""
