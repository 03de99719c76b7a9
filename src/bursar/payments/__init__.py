"""Payments: money paid from one balance to another, held and captured, refunded, reversed."""
