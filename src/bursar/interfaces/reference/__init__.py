"""Everything that is generated from the code: reference pages, `.env.example`, snapshots.

`python -m bursar.interfaces.reference` writes the files; with `--check` it writes nothing and
names the stale ones. The registry, the settings class, the error tree and the catalogue of
figures are the sources, so a page cannot say what is not so.
"""

from bursar.interfaces.reference.files import generated, stale, write

__all__ = ["generated", "stale", "write"]
