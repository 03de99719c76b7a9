"""Values every layer shares: money, ids, clock, errors. No I/O and no third party but pydantic."""
