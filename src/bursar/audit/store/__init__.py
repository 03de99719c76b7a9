"""Audit's named queries: what the sealer does, and what readers ask."""
