"""QIF, Quicken's line format: sections, records of one-letter fields, splits, investments."""
