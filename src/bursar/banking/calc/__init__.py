"""Pure steps of an import: from what a file states to what the book takes."""
