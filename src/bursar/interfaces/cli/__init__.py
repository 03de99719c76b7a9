"""The command line: a client of the same REST operations, made from the same registry."""
