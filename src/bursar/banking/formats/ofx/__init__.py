"""OFX 1.x (SGML) and 2.x (XML): tokens, tree, dates, bank and investment statements."""
