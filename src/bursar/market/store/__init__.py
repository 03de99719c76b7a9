"""Named queries of market."""
