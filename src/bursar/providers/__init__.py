"""One folder per outside company; the only place a vendor's SDK or protocol is spoken."""
