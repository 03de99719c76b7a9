"""Named queries of portfolio."""
