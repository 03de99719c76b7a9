"""Named queries of ledger."""
