"""Tests name requirements that exist, and the manifest is sound."""

import re

from tests.house.manifest import claimed, entries, markers, repeated


def test_tests_name_only_known_requirements() -> None:
    known = {entry["id"] for entry in entries()}
    unknown = {name: places for name, places in claimed().items() if name not in known}
    assert not unknown, f"unknown requirement ids: {unknown}"


def test_ids_are_unique_and_every_entry_is_whole() -> None:
    listed = entries()
    assert repeated([entry["id"] for entry in listed]) == []
    for entry in listed:
        assert re.fullmatch(r"[A-Z]+\.\d{2}", entry["id"]), entry["id"]
        assert entry["text"].strip()
        assert entry["check"].strip()


def test_a_planted_unknown_id_is_seen() -> None:
    source = '@pytest.mark.requirement("NOPE.99", "CI.06")\ndef test_x(): ...\n'
    assert [name for name, _ in markers(source)] == ["NOPE.99", "CI.06"]
    assert "NOPE.99" not in {entry["id"] for entry in entries()}


def test_a_planted_double_id_is_seen() -> None:
    assert repeated(["A.01", "B.01", "A.01"]) == ["A.01"]


def test_an_id_that_is_not_plain_text_is_seen() -> None:
    assert markers("@pytest.mark.requirement(NAME)\ndef test_x(): ...\n") == [
        ("not a plain text: NAME", 1)
    ]
