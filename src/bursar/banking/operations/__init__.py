"""The use cases of banking: the only thing other packages call."""
