"""Audit: the journal sealed into signed Merkle logs, read, proven and checked."""
