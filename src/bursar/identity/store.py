"""Named queries of identity."""
