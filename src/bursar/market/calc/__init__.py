"""The pure part of market: files, factors, packing, quality. No I/O and no clock."""
