"""The pipelines call the same make targets as a developer; image and compose file state the limits."""

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.house.rules import ROOT

WORKFLOWS = ROOT / ".github/workflows"
TARGETS = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
PINNED_ACTION = re.compile(r"^[\w-]+/[\w./-]+@v\d+\.\d+\.\d+$")


def workflow(name: str) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    return document


def triggers(document: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document[True]  # YAML reads the key `on` as true
    return found


def steps(document: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job["steps"]]


def commands(document: dict[Any, Any]) -> str:
    return "\n".join(step.get("run", "") for step in steps(document))


def unknown_targets(text: str) -> set[str]:
    """Return the make targets that a text calls and the Makefile does not have."""
    known = set(TARGETS.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    return set(re.findall(r"(?:^|[\s`(])make ([a-z][a-z-]+)", text)) - known


@pytest.mark.requirement("CI.01")
def test_the_test_workflow_runs_the_suite_on_several_pythons() -> None:
    document = workflow("test.yml")
    assert {"push", "pull_request"} <= set(triggers(document))
    job = document["jobs"]["test"]
    versions = [tuple(map(int, v.split("."))) for v in job["strategy"]["matrix"]["python"]]
    assert len(versions) >= 3
    assert min(versions) >= (3, 11)
    assert {"postgres", "redis"} <= set(job["services"])
    assert "make test" in commands(document)


@pytest.mark.requirement("CI.02")
def test_the_lint_workflow_runs_the_checks() -> None:
    document = workflow("lint.yml")
    assert {"push", "pull_request"} <= set(triggers(document))
    assert "make check" in commands(document)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    check = makefile.partition("\ncheck:")[2].partition("\n\n")[0]
    for tool in ("ruff format --check", "ruff check", "mypy", "lint-imports", "deptry", "--check"):
        assert tool in check
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    # S is bandit's rules
    assert {"E", "F", "W", "I", "S"} <= set(project["tool"]["ruff"]["lint"]["select"])


@pytest.mark.requirement("CI.03")
def test_the_release_workflow_builds_pushes_and_releases() -> None:
    document = workflow("release.yml")
    assert list(triggers(document)) == ["push"]
    assert list(triggers(document)["push"]) == ["tags"]
    used = [step.get("uses", "") for step in steps(document)]
    assert "make package" in commands(document)
    assert any(u.startswith("docker/build-push-action@") for u in used)
    assert "gh release create" in commands(document)


@pytest.mark.parametrize("name", sorted(path.name for path in WORKFLOWS.glob("*.yml")))
def test_every_workflow_is_pinned_bounded_and_least_privileged(name: str) -> None:
    document = workflow(name)
    assert document["permissions"] == {"contents": "read"}
    for job in document["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert not job["runs-on"].endswith("latest")
    for step in steps(document):
        if "uses" in step:
            assert PINNED_ACTION.match(step["uses"]), step["uses"]
    assert unknown_targets(commands(document)) == set()


def test_a_planted_unknown_target_or_loose_action_is_seen() -> None:
    assert unknown_targets("make check\nmake magic") == {"magic"}
    assert not PINNED_ACTION.match("actions/checkout@main")


@pytest.mark.requirement("CI.06")
def test_the_gate_calls_the_same_targets() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    text = script.read_text(encoding="utf-8")
    assert text.rstrip().endswith("make check\nmake test")
    assert "exec </dev/null" in text
    for shell in (["bash", str(script)], ["sh", str(ROOT / "deploy/setup.sh")]):
        subprocess.run([shell[0], "-n", shell[1]], check=True)


@pytest.mark.requirement("DEPLOY.01")
def test_the_image_builds_apart_and_runs_as_an_ordinary_user() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert stages == ["node:24-slim", "python:3.11-slim", "python:3.11-slim"]
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!root)\w+$", last, re.MULTILINE)
    assert "build-essential" not in last
    assert "--require-hashes" in text


@pytest.mark.requirement("DEPLOY.02")
def test_the_image_states_its_health_check() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = re.search(r"^HEALTHCHECK (.*?)\\\n\s+CMD (.*)$", text, re.MULTILINE)
    assert found is not None
    assert found[1].split() == [
        "--interval=30s", "--timeout=30s", "--start-period=5s", "--retries=3",
    ]  # fmt: skip
    assert "/health" in found[2]
    assert "SERVER_HOST=0.0.0.0" in text
    assert "EXPOSE 8000" in text


@pytest.mark.requirement("DEPLOY.04", "DEPLOY.05")
def test_compose_publishes_each_port_once_and_waits_for_health() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    published = [re.findall(r"\$\{(\w+):-(\d+)\}:(\d+)$", port)[0] for port in ports]
    assert {(host, inside) for _, host, inside in published} == {
        ("8080", "8000"), ("5432", "5432"), ("6379", "6379"), ("9090", "9090"), ("3000", "3000"),
    }  # fmt: skip
    assert len({variable for variable, _, _ in published}) == len(published)
    for name in ("prometheus", "grafana"):
        assert services[name]["profiles"] == ["monitoring"]
    assert services["mcp-server"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert services["worker"]["depends_on"]["mcp-server"]["condition"] == "service_healthy"


def test_the_image_installs_a_part_of_the_locked_set() -> None:
    pin = re.compile(r"^\S+==\S+", re.MULTILINE)
    whole = set(pin.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    part = set(pin.findall((ROOT / "deploy/requirements.lock").read_text(encoding="utf-8")))
    assert part < whole
    assert not any(name.startswith(("pytest==", "mypy==", "ruff==")) for name in part)
