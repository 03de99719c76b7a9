"""`.env.example` and the settings class match both ways."""

import pytest

from bursar.interfaces.reference import variables
from bursar.settings import Settings
from tests.house.rules import ROOT


def names(example: str) -> list[str]:
    """Return the variables of an environment file."""
    lines = [line for line in example.splitlines() if line and not line.startswith("#")]
    return [line.partition("=")[0] for line in lines]


@pytest.mark.requirement("CONF.01")
def test_the_example_lists_every_setting_and_nothing_else() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert names(example) == [name.upper() for name in Settings.model_fields]


@pytest.mark.requirement("CONF.01")
def test_the_example_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    written = Settings(_env_file=ROOT / ".env.example")
    assert written == Settings(_env_file=None)


@pytest.mark.requirement("CONF.01")
def test_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("SERVER_PORT", "9001")
    assert Settings(_env_file=ROOT / ".env.example").server_port == 9001


def test_every_setting_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_a_planted_variable_is_seen() -> None:
    planted = variables.example() + "\nFORGOTTEN=1\n"
    assert set(names(planted)) - {name.upper() for name in Settings.model_fields} == {"FORGOTTEN"}
