"""The steps of an import: read, find accounts and instruments, post, compare."""
