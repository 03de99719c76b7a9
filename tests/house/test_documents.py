"""Documents: commands parse, links resolve, settings exist, and the promised pages are there."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bursar.interfaces.cli.main import build
from bursar.settings import Settings
from tests.house.rules import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")],
    key=lambda path: path.relative_to(ROOT).as_posix(),
)
BLOCK = re.compile(r"^[ ]*```bash\n(.*?)^[ ]*```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
ASSIGNMENT = re.compile(r"^[A-Z_]+=\S*$")
# Commands that pages name and whose operations are not written yet; the test asks for each one's
# removal in time.
NOT_YET: set[str] = set()
DISCLAIMER = ("education and research", "can lose", "Past results promise nothing", "no financial")


def commands(text: str) -> list[list[str]]:
    """Return the commands of a page's bash blocks, split into words, without assignments."""
    found = []
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and ASSIGNMENT.match(words[0]):
                words.pop(0)
            if words:
                found.append(words)
    return found


def problem(words: list[str], tree: Any) -> str | None:
    """Return what is wrong with one command of ours, or None."""
    program = Path(words[0]).name
    if program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = [word for word in words[1:] if "=" not in word]
        missing = [
            t for t in targets if not re.search(rf"^{re.escape(t)}:", makefile, re.MULTILINE)
        ]
        return f"no make target {missing[0]}" if missing else None
    if program in ("python", "bash", "sh"):
        return None if (ROOT / words[1]).exists() else f"no file {words[1]}"
    return _bursar(words[1:], tree) if program == "bursar" else None


def _bursar(words: list[str], tree: Any) -> str | None:
    command, path = tree, ["bursar"]
    rest = list(words)
    while rest and getattr(command, "commands", None) is not None and not rest[0].startswith("-"):
        name = rest.pop(0)
        path.append(name)
        command = command.commands.get(name)
        if command is None:
            return f"no command {' '.join(path)}"
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
    unknown = [w for w in rest if w.startswith("-") and w.partition("=")[0] not in known]
    return f"{' '.join(path)} has no option {unknown[0]}" if unknown else None


@pytest.fixture(scope="module")
def tree() -> Any:
    return typer.main.get_command(build())


@pytest.mark.requirement("DOCS.01", "DOCS.05")
def test_every_command_shown_exists(tree: Any) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {wrong}"
        for path in PAGES
        for words in commands(path.read_text(encoding="utf-8"))
        if (wrong := problem(words, tree)) is not None
    }
    waiting = {text for text in found if text.partition("no command bursar ")[2] in NOT_YET}
    assert found == waiting, "\n".join(sorted(found - waiting))
    arrived = {w for w in NOT_YET if not any(text.endswith(f"bursar {w}") for text in waiting)}
    assert not arrived, f"take these off NOT_YET: {arrived}"


def test_planted_wrong_commands_are_seen(tree: Any) -> None:
    text = "```bash\nbursar acount list\nbursar up --dmo\nmake magic\npython no/file.py\n```\n"
    assert [problem(words, tree) for words in commands(text)] == [
        "no command bursar acount",
        "bursar up has no option --dmo",
        "no make target magic",
        "no file no/file.py",
    ]
    good = "```bash\nA=1 bursar up --port 81  # why\nmake check\nbursar account list --json\n```\n"
    assert [problem(words, tree) for words in commands(good)] == [None, None, None]


def broken_links(path: Path, text: str) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [
        target
        for target in LINK.findall(outside)
        if not target.startswith(("http://", "https://", "#", "mailto:"))
        and not (path.parent / target.partition("#")[0]).exists()
    ]


@pytest.mark.requirement("DOCS.05")
def test_relative_links_resolve() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in PAGES
        for target in broken_links(path, path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)
    assert broken_links(ROOT / "README.md", "[x](no/such.md) [y](LICENSE)") == ["no/such.md"]


def test_settings_named_in_pages_exist() -> None:
    known = {name.upper() for name in Settings.model_fields} | OTHER_VARIABLES
    prefixes = ("BURSAR_", "SERVER_", "DATABASE_", "REDIS_", "MCP_", "PRICE_", "SECRET_")
    for path in PAGES:
        named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", path.read_text(encoding="utf-8")))
        unknown = {name for name in named if name.startswith(prefixes)} - known
        assert not unknown, f"{path.relative_to(ROOT)}: {unknown}"


# Of the setup script, the compose file and the tests; not of the server.
OTHER_VARIABLES = {
    "BURSAR_INSTALLER", "BURSAR_PORT", "BURSAR_OWNER_PASSWORD", "BURSAR_APP_PASSWORD",
    "BURSAR_SHARED_DATA", "REDIS_PORT",
}  # fmt: skip


@pytest.mark.requirement("DOCS.04")
def test_the_changelog_has_the_current_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert f"## [{project['project']['version']}]" in (ROOT / "CHANGELOG.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.requirement("DOCS.06")
def test_the_licence_is_mit() -> None:
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert 'license = "MIT"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_readme_disclaims() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    for words in DISCLAIMER:
        assert words in text


def test_style_names_only_checks_that_exist() -> None:
    text = (ROOT / "STYLE.md").read_text(encoding="utf-8")
    sources = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests/house").glob("*.py"))
    for rule in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text):
        assert f'"{rule}"' in sources, rule
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}" in sources, name
    for name in re.findall(r"`(test_\w+\.py)`", text):
        assert (ROOT / "tests/house" / name).exists(), name


def test_decisions_are_numbered_and_whole() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert len(set(numbers)) == len(numbers)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.match(rf"# {page.name[:4]}\. \S", text), page.name
        for part in ("## Context", "## Decision", "## Consequences"):
            assert part in text, f"{page.name} lacks {part}"
