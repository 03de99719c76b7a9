"""The ledger's pure mathematics: no database, no clock, exact integers."""
