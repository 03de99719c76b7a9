"""Money data in and out: statement files read, checked and posted to the book."""
