"""Hostile and likely writes carried out for real, several at once, in a workspace of their own.

Whatever is accepted must leave a book that verifies and a journal that proves itself.
"""

import asyncio
import json
import random
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from bursar.interfaces import catalogue
from bursar.runtime.registry import Operation, operations
from tests.interfaces.fuzzing import EDGES, HOSTILE, TEXTS
from tests.interfaces.live import Live, Reply
from tests.interfaces.schema_values import Path, least, leaves, with_value
from tests.interfaces.test_audit import seal
from tests.interfaces.test_foreign_ids import SAMPLES, kind_of
from tests.interfaces.test_fuzz import ROUNDS, SEED, WITHOUT_GUESSES, faults
from tests.interfaces.two_workspaces import Somebody, furnished_workspace

catalogue.load()
pytestmark = pytest.mark.requirement("SEC.01", "LEDGER.01")

AT_ONCE = 4
# These would end the session that the writes are sent with.
ENDS_THE_SESSION = re.compile(r"identity\.(sign_out|.*session|.*person|.*password|.*member)")
WRITES = sorted(
    (
        o
        for o in operations().values()
        if o.writes
        and o.run.__module__.startswith("bursar.")
        and o.name not in WITHOUT_GUESSES
        and not ENDS_THE_SESSION.fullmatch(o.name)
    ),
    key=lambda o: o.name,
)
LIKELY: dict[str, tuple[Any, ...]] = {
    "decimal": ("1", "0.01", "2.50", "100", "3"),
    "date": ("2022-10-03", "2022-11-30", "2023-01-02"),
    "date-time": ("2022-10-03T10:00:00Z", "2099-01-01T00:00:00Z"),
}


def bodies(
    operation: Operation, her: Somebody, paid: list[str], rounds: int
) -> Iterator[dict[str, Any]]:
    """Bodies that name things of hers, most of them likely, some with a hostile value."""
    chance = random.Random(f"{operation.name} writes {SEED}")  # noqa: S311 - repeatable, not secret
    schema = operation.input_model.model_json_schema()
    places = list(leaves(schema))
    samples = [sample for (name, _), sample in SAMPLES.items() if name == operation.name]
    required = set(schema.get("required", ()))
    for _ in range(rounds):
        body = least(schema, schema) | (chance.choice(samples) if samples else {})
        for path, leaf in places:
            kind = kind_of(operation, path, leaf)
            if path[0] in required or path[0] in body or chance.random() < 0.2:
                value = _likely(chance, her, paid, kind, leaf)
                body = _put(body, path, value, schema)
        if places and chance.random() < 0.3:
            path, leaf = chance.choice(places)
            value = chance.choice((*HOSTILE, *EDGES.get(str(leaf.get("format")), TEXTS)))
            body = _put(body, path, value, schema)
        yield body


def _likely(
    chance: random.Random, her: Somebody, paid: list[str], kind: str | None, leaf: dict[str, Any]
) -> Any:
    if kind == "payment" and paid:
        return chance.choice(paid)
    if kind == "account":
        return chance.choice((her.ids["account"], "Hers", "Her bank account"))
    if kind is not None:
        return her.ids[kind]
    if "enum" in leaf:
        return chance.choice(leaf["enum"])
    if leaf.get("type") == "boolean":
        return chance.random() < 0.5
    return chance.choice(LIKELY.get(str(leaf.get("format")), (least(leaf, leaf),)))


def _put(body: dict[str, Any], path: Path, value: Any, schema: dict[str, Any]) -> dict[str, Any]:
    try:
        made: dict[str, Any] = with_value(body, path, value, schema)
    except (AssertionError, KeyError, TypeError):
        return body
    return made


def write(her: Somebody, operation: Operation, body: dict[str, Any]) -> Reply:
    path, rest = operation.path, dict(body)
    for name in re.findall(r"{(\w+)}", path):
        text = str(rest.pop(name, "x")).encode("utf-8", "replace").decode()[:1000]
        path = path.replace("{" + name + "}", quote(text, safe="") or "%20")
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    if operation.method == "DELETE":
        path += "?" + urlencode([(k, json.dumps(v)[:500]) for k, v in rest.items()])
        return her.live.send("DELETE", f"/api/v1{path}", token=her.session, headers=headers)
    data = json.dumps(rest).encode()
    return her.live.send(
        operation.method, f"/api/v1{path}", data, token=her.session, headers=headers
    )


async def test_no_write_breaks_the_book_or_the_journal(live: Live) -> None:
    her = await furnished_workspace(live)
    paid = [her.ids["payment"]]
    wrong: list[str] = []
    accepted = 0

    def one(operation: Operation, body: dict[str, Any]) -> None:
        nonlocal accepted
        reply = write(her, operation, body)
        document = json.loads(reply.body)
        if reply.status < 300:
            accepted += 1
            if operation.name == "payments.initiate_payment":
                paid.append(document["id"])
            return
        sent = json.dumps(body)[:600]
        wrong.extend(
            f"{operation.name}: {fault}: {sent}: {reply.body!r}"
            for fault in faults(document, reply.status)
        )

    # One operation after the other and back, so that each meets what the others left.
    rounds = [
        (operation, body)
        for operation in WRITES
        for body in bodies(operation, her, paid, max(4, ROUNDS // 3))
    ]
    random.Random(f"order {SEED}").shuffle(rounds)  # noqa: S311 - repeatable, not secret
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda each: one(*each), rounds))
    assert not wrong, "\n".join(wrong[:20])
    assert accepted > len(rounds) // 20
    verdict = her.call("GET", "/ledger/verify")
    assert verdict["holds"], verdict
    await asyncio.to_thread(seal, live)
    assert her.call("GET", "/audit/check")["holds"]
