"""Named queries of payments."""
