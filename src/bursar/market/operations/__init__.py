"""The use cases of market: the only thing other packages call."""
