"""An id of another workspace is answered exactly as one that never existed, by every operation.

The registry says which operations there are and their schemas which fields take an id, so a new
one is covered by itself, or the test says what it needs: a kind for a new field, or a sample body.
"""

import asyncio
import json
import re
import uuid
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from bursar.developer.models.schedules import JobRun, ListRuns
from bursar.developer.operations.schedules import list_job_runs
from bursar.interfaces import catalogue
from bursar.interfaces.application import Application
from bursar.interfaces.jobs import JOBS, run_job
from bursar.runtime.registry import Operation, operations
from tests.harness import Harness
from tests.interfaces.live import Live, Reply
from tests.interfaces.schema_values import ITEM, KEY, VALUE, Path, least, leaves, with_value
from tests.interfaces.test_audit import seal
from tests.interfaces.two_workspaces import (
    STATEMENT,
    Somebody,
    furnished_workspace,
    sign_in_as_owner,
)

catalogue.load()
pytestmark = pytest.mark.requirement("SEC.01")

# What a field of this name takes; the kinds are those of `two_workspaces`.
KINDS = {
    "account": "account", "account_id": "account", "counter_account": "account",
    "instrument": "instrument", "instrument_id": "instrument", "instruments": "instrument",
    "counter_instrument": "instrument", "new_instrument": "instrument", "no_sell": "instrument",
    "benchmark": "instrument", "ticker": "instrument",
    "transaction_id": "transaction", "activity_id": "transaction",
    "import_id": "import", "person_id": "person", "session_id": "session", "token_id": "token",
    "workspace_id": "workspace", "lot_id": "lot", "figure_id": "figure",
    "policy": "policy", "mapping_name": "mapping",
    "payment_id": "payment", "transfer_id": "transfer", "payer_account": "account",
    "payee_account": "account", "from_account": "account", "to_account": "account",
    "from_instrument": "instrument", "effect_id": "effect", "actor_id": "person", "object_id": "payment", "objects": "payment",
    "seq": "journal_row",
}  # fmt: skip
BY_OPERATION = {("portfolio.delete_targets", "name"): "policy"}
# Ids of somebody else's books, kept as they are and never looked up.
NOT_OURS = {"external_id"}
# Runs of the installation's own jobs belong to no workspace; what they may say is tested below.
OF_EVERYBODY = {"run_id"}
SPLIT = {"instrument": "AAPL", "kind": "split", "ex_date": "2022-12-01"}
SPLIT |= {"ratio_numerator": 2, "ratio_denominator": 1}
MERGER = {"instrument": "AAPL", "kind": "merger", "ex_date": "2022-12-01"}
MERGER |= {"ratio_numerator": 2, "ratio_denominator": 1}
PRICE = {"instrument": "AAPL", "day": "2022-12-01", "close": "1"}
BUY = {"account": "Brokerage", "kind": "buy", "effective_at": "2022-12-01", "instrument": "AAPL"}
BUY |= {"quantity": "1", "amount": "1"}
SELL = BUY | {"kind": "sell"}
MOVE = {"account": "Brokerage", "kind": "transfer_out", "effective_at": "2022-12-01", "amount": "1"}
RENAME = BUY | {"kind": "rename", "counter_quantity": "1"}
PAYMENT = {"payer_account": "Brokerage", "payee_name": "Shop", "amount": "1"}
TRANSFER = {"from_account": "Brokerage", "to_account": "Brokerage", "amount": "1"}
# Bodies that reach the look-up, where the least one does not; by operation and field.
SAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("market.record_corporate_action", "instrument"): SPLIT,
    ("market.record_corporate_action", "new_instrument"): MERGER,
    ("market.record_prices", "actions.[].instrument"): {"prices": [PRICE], "actions": [SPLIT]},
    ("market.record_prices", "actions.[].new_instrument"): {"prices": [PRICE], "actions": [MERGER]},
    ("banking.import_statement", "account"): {"content": STATEMENT},
    ("banking.import_statement", "mapping_name"): {"content": STATEMENT},
    ("payments.initiate_payment", "payee_account"): PAYMENT,
    ("payments.initiate_payment", "payer_account"): PAYMENT,
    ("payments.create_transfer", "from_account"): TRANSFER,
    ("payments.create_transfer", "to_account"): TRANSFER,
}
for _operation in ("banking.record_transaction", "banking.correct_transaction"):
    SAMPLES |= {
        (_operation, "account"): BUY,
        (_operation, "instrument"): BUY,
        (_operation, "transaction_id"): BUY,
        (_operation, "counter_account"): MOVE,
        (_operation, "counter_instrument"): RENAME,
        (_operation, "lots.[].lot_id"): SELL,
    }
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}")
NAMES_AN_ID = re.compile(r"\b(its|by|or) id\b|\bids? of\b|^Number of\b|'s id\b", re.IGNORECASE)
# What an id that never existed is answered with; reads that filter by it find nothing.
NOWHERE = re.compile(r".*not_found|no_such_effect|unknown_instrument|wrong_sign_in|unknown_lot")


def kind_of(operation: Operation, path: Path, leaf: dict[str, Any]) -> str | None:
    """The kind of thing an id at this place names; None where no id is meant."""
    name = next(step for step in reversed(path) if step not in (ITEM, KEY, VALUE))
    words = str(leaf.get("description", ""))
    if (operation.name, name) in BY_OPERATION:
        return BY_OPERATION[operation.name, name]
    if path[-1] == KEY:
        return "instrument" if words.startswith("Instrument:") else None
    if path[-1] == VALUE or "column" in words.lower() or name in NOT_OURS | OF_EVERYBODY:
        return None
    looks = (
        leaf.get("format") == "uuid"
        or name.endswith(("_id", "_ids"))
        or words.startswith("Instrument")
        or NAMES_AN_ID.search(words) is not None
    )
    if name == "ticker" and not words.startswith("Instrument"):
        return None
    if name in KINDS:
        return KINDS[name]
    assert not looks, f"{operation.name}: say in KINDS what {'.'.join(path)} names"
    return None


def places() -> list[tuple[Operation, Path, str]]:
    found = []
    for operation in operations().values():
        if not operation.run.__module__.startswith("bursar."):
            continue
        for path, leaf in leaves(operation.input_model.model_json_schema()):
            kind = kind_of(operation, path, leaf)
            if kind is not None:
                found.append((operation, path, kind))
    return found


def never_existing(kind: str, foreign: str) -> str:
    """A value of the same form that names nothing anywhere."""
    if kind in ("policy", "mapping"):
        return "x" * len(foreign)
    if foreign.isdigit():
        return "9" * 15
    fresh = uuid.uuid4()
    return (
        re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", str(fresh), foreign)
        if "-" in foreign
        else "y" * len(foreign)
    )


def send(him: Somebody, operation: Operation, body: dict[str, Any]) -> Reply:
    path, rest = operation.path, dict(body)
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace("{" + name + "}", quote(str(rest.pop(name)), safe=""))
    headers = {"Dry-Run": "true"} if operation.writes else {}
    if operation.method in ("GET", "DELETE"):
        flat = [
            (k, v) for k, each in rest.items() for v in (each if isinstance(each, list) else [each])
        ]
        query = urlencode(
            [(k, json.dumps(v) if isinstance(v, dict | bool) else v) for k, v in flat]
        )
        path, sent = (f"{path}?{query}" if query else path), None
    else:
        sent = rest
    return him.live.send(
        operation.method, f"/api/v1{path}", sent, token=him.session, headers=headers
    )


def shape(reply: Reply, value: str) -> tuple[int, Any]:
    """What was answered, without the id asked for and without what is new each time."""
    text = reply.body.decode().replace(json.dumps(value)[1:-1], "<id>")
    text = ID.sub("<other>", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "<moment>", text)
    document = json.loads(text)
    if isinstance(document, dict):
        document.pop("request_id", None)
    return reply.status, document


async def test_an_id_of_another_workspace_is_one_that_never_existed(demo: Live) -> None:
    him, her = await sign_in_as_owner(demo), await furnished_workspace(demo)
    await asyncio.to_thread(seal, demo)
    trades = him.call("GET", "/transactions?limit=100&kinds=buy")["items"]
    his = trades[0]["id"]
    wrong = []
    for operation, path, kind in places():
        schema = operation.input_model.model_json_schema()
        way = ".".join(path)
        base = least(schema, schema)
        if operation.name == "banking.correct_transaction":
            base |= {"transaction_id": his}
        base |= SAMPLES.get((operation.name, way), {})
        foreign = her.ids[kind]
        unknown = never_existing(kind, foreign)
        theirs = shape(send(him, operation, with_value(base, path, foreign, schema)), foreign)
        nobodys = shape(send(him, operation, with_value(base, path, unknown, schema)), unknown)
        if theirs != nobodys:
            wrong.append(f"{operation.name} {way}: {theirs} is not {nobodys}")
        if nobodys[0] >= 300 and not NOWHERE.fullmatch(nobodys[1]["code"]):
            wrong.append(f"{operation.name} {way}: give a sample that reaches it; {nobodys}")
    assert not wrong, "\n".join(wrong)


async def test_a_figure_about_another_workspace_is_about_nothing(demo: Live) -> None:
    him, her = await sign_in_as_owner(demo), await furnished_workspace(demo)
    account, instrument = her.ids["account"], her.ids["instrument"]
    for scope in (f"account={account}", f"instrument={instrument}"):
        figure = her.call("GET", f"/portfolio/summary?{scope}")["net_worth"]["id"]
        unknown = figure.replace(her.ids[scope.partition("=")[0]], str(uuid.uuid4()))
        theirs, nobodys = (
            demo.send("GET", f"/api/v1/portfolio/figures/{quote(each)}", token=him.session)
            for each in (figure, unknown)
        )
        assert unknown != figure
        assert shape(theirs, account)[0] == shape(nobodys, account)[0]
        assert ID.sub("", theirs.body.decode()) == ID.sub("", nobodys.body.decode())


async def test_a_run_of_a_job_says_how_many_and_never_whose(harness: Harness) -> None:
    """Runs are the installation's, seen from every workspace: they hold counts alone."""
    application = Application(harness.settings, harness.clock, harness.database)
    for name in JOBS:
        await run_job(application, name)
    async with harness.context(read_only=True) as context:
        runs = (await list_job_runs(context, ListRuns(limit=500))).items
    assert {run.job for run in runs} >= set(JOBS)
    for run in runs:
        assert all(isinstance(value, int) for value in (run.result or {}).values()), run
    shown = {"id", "job", "state", "started_at", "finished_at", "result", "error_code"}
    assert set(JobRun.model_fields) == shown
