"""The arithmetic of a portfolio: pure functions over arrays and exact money; no I/O, no clock."""
