"""Corporate actions: stated once for each instrument, kind and ex-date; the book follows them."""

import csv
import datetime as dt
import io
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from bursar.core.errors import InvalidInput
from bursar.core.ids import new_id
from bursar.market import calendars
from bursar.market.calc import factor_file
from bursar.market.calc.factor_file import BadFactorFile, Split
from bursar.market.errors import BadFile
from bursar.market.models.actions import (
    ActionKind,
    CorporateActionRow,
    CorporateActionsLoaded,
    ListCorporateActions,
    LoadCorporateActions,
    RecordCorporateAction,
)
from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments
from bursar.market.store import actions as store
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, decode_cursor, encode_cursor
from bursar.runtime.registry import operation

ACTIONS_MAX = 100_000
FILE_COLUMNS = frozenset({"kind", "ex_date", "pay_date", "ratio", "amount", "currency"})


@operation(
    "market.record_corporate_action",
    scope="market:write",
    http="POST /corporate-actions",
    writes=True,
)
async def record_corporate_action(
    context: Context, body: RecordCorporateAction
) -> CorporateActionRow:
    """Record a split, dividend, spin-off, merger, rename, return of capital or delisting.

    There is one action for each instrument, kind and ex-date: recording it again counts once, and
    with other figures corrects it under the same id. A rename of the ticker itself is done with
    market.rename_instrument.
    """
    row = await instruments.find(context, body.instrument)
    new = None
    if body.new_instrument is not None:
        new = await instruments.find(context, body.new_instrument)
        if new.id == row.id:
            raise InvalidInput("an instrument cannot turn into itself", field="new_instrument")
    await _write(context, [_row(context, body, row, new)])
    found = await store.page(
        context.session,
        ListCorporateActions(
            instrument=None, kind=body.kind, first_day=body.ex_date, last_day=body.ex_date
        ),
        [row.id],
        after=None,
        limit=1,
    )
    return found[0]


@operation("market.list_corporate_actions", scope="market:read", http="GET /corporate-actions")
async def list_corporate_actions(
    context: Context, body: ListCorporateActions
) -> Page[CorporateActionRow]:
    """List corporate actions in order of ex-date."""
    ids = None
    if body.instrument is not None:
        ids = [(await instruments.find(context, body.instrument)).id]
    after = None
    if body.cursor is not None:
        try:
            day, action_id = decode_cursor(body.cursor, 2)
            after = (dt.date.fromisoformat(str(day)), uuid.UUID(str(action_id)))
        except ValueError:
            raise InvalidInput("this cursor is not one of ours", field="cursor") from None
    rows = await store.page(context.session, body, ids, after=after, limit=body.limit + 1)
    more = len(rows) > body.limit
    rows = rows[: body.limit]
    return Page[CorporateActionRow](
        items=tuple(rows),
        next_cursor=encode_cursor([str(rows[-1].ex_date), str(rows[-1].id)]) if more else None,
    )


@operation(
    "market.load_corporate_actions",
    scope="market:write",
    http="POST /corporate-actions/files",
    writes=True,
    positional=("instrument",),
)
async def load_corporate_actions(
    context: Context, body: LoadCorporateActions
) -> CorporateActionsLoaded:
    """Load an instrument's corporate actions from a CSV of cumulative factors or of actions.

    The file goes in whole or not at all; loading it again changes nothing.
    """
    row = await instruments.find(context, body.instrument)
    first_line = body.text.lstrip("\ufeff").split("\n", 1)[0].strip().lower()
    if first_line.split(",") == list(factor_file.HEADER):
        read = _from_factors(body, row)
    else:
        read = _from_actions(body)
    by_key = {(action.kind, action.ex_date): action for action in read}
    if len(by_key) != len(read):
        raise BadFile("two rows have the same kind and ex-date", field="text")
    written = await _write(context, [_row(context, action, row, None) for action in read])
    kinds = [action.kind for action in read]
    splits, dividends = kinds.count(ActionKind.SPLIT), kinds.count(ActionKind.DIVIDEND)
    return CorporateActionsLoaded(
        splits=splits,
        dividends=dividends,
        others=len(kinds) - splits - dividends,
        written=len(written),
        unchanged=len(kinds) - len(written),
    )


async def actions_of(
    context: Context,
    instrument_ids: Iterable[uuid.UUID],
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
) -> list[CorporateActionRow]:
    """Return every action of the instruments with an ex-date in the range, in order of ex-date.

    Raises InvalidInput beyond 100,000 actions.
    """
    rows = await store.page(
        context.session,
        ListCorporateActions(first_day=first_day, last_day=last_day),
        instrument_ids,
        after=None,
        limit=ACTIONS_MAX + 1,
    )
    if len(rows) > ACTIONS_MAX:
        raise InvalidInput(f"more than {ACTIONS_MAX} corporate actions; narrow the range")
    return rows


async def actions_changed(context: Context, since: str) -> set[uuid.UUID]:
    """Return the instruments whose actions were written after the snapshot `since`."""
    return await store.changed_since(context.session, since)


async def record_many(context: Context, bodies: Sequence[RecordCorporateAction]) -> int:
    """Record actions that name their instrument by id or ticker; return how many were new."""
    names = {body.instrument for body in bodies}
    known = {name: await instruments.find(context, name) for name in names}
    written = await _write(
        context, [_row(context, body, known[body.instrument], None) for body in bodies]
    )
    return len(written)


def _from_factors(body: LoadCorporateActions, row: InstrumentRow) -> list[RecordCorporateAction]:
    try:
        rows = factor_file.parse(body.text)
        found = list(
            factor_file.events(rows, lambda day: calendars.next_trading_day(row.calendar, day))
        )
    except BadFactorFile as error:
        raise BadFile(str(error), field="text") from error
    actions = []
    for event in found:
        if isinstance(event, Split):
            fields: dict[str, Any] = {
                "kind": ActionKind.SPLIT,
                "ratio_numerator": event.numerator,
                "ratio_denominator": event.denominator,
            }
        else:
            fields = {"kind": ActionKind.DIVIDEND, "amount": event.amount}
        actions.append(
            RecordCorporateAction(
                instrument=body.instrument, ex_date=event.ex_date, source=body.source, **fields
            )
        )
    return actions


def _from_actions(body: LoadCorporateActions) -> list[RecordCorporateAction]:
    reader = csv.DictReader(io.StringIO(body.text.lstrip("\ufeff")))
    names = {name.strip().lower() for name in reader.fieldnames or ()}
    if not {"kind", "ex_date"} <= names or not names <= FILE_COLUMNS:
        raise BadFile(
            "the columns must be kind, ex_date and any of pay_date, ratio, amount, currency",
            field="text",
            hint="Or a factor file: " + ",".join(factor_file.HEADER),
        )
    actions = []
    for record in reader:
        fields: dict[str, Any] = {
            name.strip().lower(): value.strip() for name, value in record.items() if name and value
        }
        try:
            if "ratio" in fields:
                new, _, old = fields.pop("ratio").partition(":")
                fields |= {"ratio_numerator": int(new), "ratio_denominator": int(old or 1)}
            actions.append(
                RecordCorporateAction(instrument=body.instrument, source=body.source, **fields)
            )
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "row"
            raise BadFile(
                f"line {reader.line_num}, {where}: {first['msg']}", field="text"
            ) from None
        except (ValueError, TypeError):
            raise BadFile(
                f"line {reader.line_num}: a ratio is written as 4:1", field="text"
            ) from None
        if len(actions) > ACTIONS_MAX:
            raise BadFile(f"a file has at most {ACTIONS_MAX} actions", field="text")
    return actions


def _row(
    context: Context,
    body: RecordCorporateAction,
    row: InstrumentRow,
    new: InstrumentRow | None,
) -> dict[str, Any]:
    fields = body.model_dump(exclude={"instrument", "new_instrument", "kind"})
    fields["currency"] = body.currency or (row.currency if body.amount is not None else None)
    return {
        **fields,
        "id": new_id(),
        "workspace_id": context.workspace_id,
        "instrument_id": row.id,
        "kind": body.kind.value,
        "new_instrument_id": new.id if new is not None else None,
        "recorded_at": context.clock.now(),
    }


async def _write(context: Context, rows: Sequence[dict[str, Any]]) -> list[uuid.UUID]:
    written = await store.write(context, rows)
    if written:
        context.fact(
            "market.corporate_actions_recorded", rows[0]["instrument_id"], written=len(written)
        )
    return written
