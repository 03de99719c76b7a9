"""No tracked file names a package registry, a path of somebody's machine, or carries a key."""

import re
import subprocess

import pytest

from tests.house.rules import ROOT

# Spelled in pieces, so that this file does not break its own rule.
HOSTS = re.compile(
    r"pypi\.org|files\.python" + r"hosted|test\.py" + r"pi|registry\.npm" + r"js|anaconda\.org|"
    r"dev" + r"pi\b|arti" + r"factory",
    re.IGNORECASE,
)
PATHS = re.compile(r"(?<![\w.{}$/-])/(?:wo" + r"rk|ro" + r"ot|Users|home/(?!bursar/)[a-z]+)/")
KEYS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bsk_live_[0-9A-Za-z]{8}|\bAKIA[0-9A-Z]{16}\b|"
    r"\bghp_[0-9A-Za-z]{20}"
)
RULES = {"registry host": HOSTS, "machine path": PATHS, "key": KEYS}
BYTES_MAX = 2_000_000


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    return [name for name in listed.stdout.split("\0") if name]


def broken(text: str) -> list[str]:
    return [f"{rule}: {m.group()}" for rule, form in RULES.items() for m in form.finditer(text)]


def test_tracked_files_name_no_host_path_or_key() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    found = []
    for name in tracked():
        path = ROOT / name
        if not path.is_file() or path.stat().st_size > BYTES_MAX:
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{name}: {problem}" for problem in broken(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "planted",
    [
        "see https" + "://py" + "pi.org/simple",
        "open('/wo" + "rk/data.csv')",
        "cd /ro" + "ot/bursar-x",
        "-----BEGIN " + "PRIVATE KEY-----",
        "sk_" + "live_1234567890",
    ],
)
def test_a_planted_host_path_or_key_is_found(planted: str) -> None:
    assert broken(planted)


def test_harmless_text_is_not_reported() -> None:
    assert broken("src/bursar/work/x docs/root/ https://example.com/work/ ~/.bursar /health") == []
