"""The book: accounts, transfers, entries and the lots derived from them."""
