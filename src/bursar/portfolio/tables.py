"""Tables of portfolio."""
