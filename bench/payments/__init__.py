"""Payments at the limit: the load generator, the peers it is measured against, and the rows."""
