"""Tables of banking."""
