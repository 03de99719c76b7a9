"""`python -m bursar.interfaces.reference [--check]`: write the generated files, or find stale ones."""

import argparse
import sys
from pathlib import Path

from bursar.interfaces.reference.files import stale, write


def main() -> int:
    """Return 1 when `--check` finds a stale file, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; name stale files")
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="repository root (default: here)"
    )
    given = parser.parse_args()
    if not (given.root / "pyproject.toml").is_file():
        parser.error(f"{given.root} is not the repository root: it has no pyproject.toml")
    found = stale(given.root)
    if given.check:
        for name in found:
            sys.stderr.write(f"stale: {name}\n")
        if found:
            sys.stderr.write("Run 'make docs' and review the difference.\n")
        return 1 if found else 0
    write(given.root)
    for name in found:
        sys.stdout.write(f"written: {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
