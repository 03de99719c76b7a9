"""Valuation, performance, allocation and what-if over the book; owns no second ledger."""
