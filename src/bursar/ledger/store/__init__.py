"""Named queries of the ledger, by noun. Each filters by workspace; row-level security backs it."""
