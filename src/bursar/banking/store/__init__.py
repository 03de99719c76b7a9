"""Named queries of banking."""
