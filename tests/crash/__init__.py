"""The crash matrix: the real set of parts under `kill -9` while clients write money."""
