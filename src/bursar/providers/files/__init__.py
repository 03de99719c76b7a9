"""Price files in a folder as a price source: one CSV a symbol, for offline use."""
