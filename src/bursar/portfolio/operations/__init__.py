"""The use cases of portfolio: the only thing other packages call."""
