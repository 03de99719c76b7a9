"""REST: one route for each operation of the registry, under /api/v1."""
