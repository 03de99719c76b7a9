"""Longer SQL of single revisions, one module per revision and subject; never edited afterwards."""
