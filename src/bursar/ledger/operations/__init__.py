"""The use cases of ledger: the only thing other packages call."""
