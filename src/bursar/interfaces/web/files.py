"""The built files and what their manifest says of them; only what it names can be served."""

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "pages"
MANIFEST = "manifest.json"
HASHED = "_next/static/"


@dataclass(frozen=True, slots=True)
class File:
    """One built file."""

    name: str
    media_type: str
    hash: str
    gzip: bool
    scripts: tuple[str, ...]

    @property
    def is_hashed(self) -> bool:
        """Tell whether the name changes with the content, so that it can be kept for ever."""
        return self.name.startswith(HASHED)


class BuiltPages:
    """What `make web` left in the package; empty when it has not run."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._files = _read_manifest(folder)
        self._contents: dict[tuple[str, bool], bytes] = {}

    def __bool__(self) -> bool:
        return bool(self._files)

    def find(self, path: str) -> File | None:
        """Return the file at an address such as /overview/, without its leading slash."""
        name = f"{path}index.html" if path == "" or path.endswith("/") else path
        return self._files.get(name)

    def content(self, file: File, *, gzip: bool) -> bytes:
        """Return a file's bytes, read once; the whole set is a few megabytes."""
        key = (file.name, gzip and file.gzip)
        if key not in self._contents:
            name = f"{file.name}.gz" if key[1] else file.name
            self._contents[key] = (self._folder / name).read_bytes()
        return self._contents[key]


def _read_manifest(folder: Path) -> dict[str, File]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {
        name: File(
            name=name,
            media_type=facts["media_type"],
            hash=facts["hash"],
            gzip=facts["gzip"],
            scripts=tuple(facts.get("scripts", ())),
        )
        for name, facts in manifest["files"].items()
    }
