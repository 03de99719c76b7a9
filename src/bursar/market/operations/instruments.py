"""Instruments: create, list, change and rename; `lookups` finds them by any identifier."""

import uuid
from typing import Any

from sqlalchemy import func, insert, update

from bursar.core.errors import InvalidInput
from bursar.core.ids import new_id
from bursar.market import calendars
from bursar.market.calc import matching
from bursar.market.calc.matching import Scheme
from bursar.market.errors import InstrumentExists
from bursar.market.models.instruments import (
    ChangeInstrument,
    CreateInstrument,
    GetInstrument,
    Identifier,
    InstrumentRow,
    ListInstruments,
    RenameInstrument,
)
from bursar.market.operations.lookups import (
    Lookup,
    active,
    add,
    find,
    get,
    get_many,
    known_names,
    name_row,
    resolve,
    resolve_many,
)
from bursar.market.store import instruments as store
from bursar.market.tables import Instrument, InstrumentIdentifier
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, decode_cursor, encode_cursor
from bursar.runtime.registry import operation

__all__ = ["Lookup", "active", "find", "get", "get_many", "resolve", "resolve_many"]


@operation("market.create_instrument", scope="market:write", http="POST /instruments", writes=True)
async def create_instrument(context: Context, body: CreateInstrument) -> InstrumentRow:
    """Create an instrument: a stock, bond, fund, ETF, crypto asset, option and so on.

    Refuses a worldwide identifier (ISIN, CUSIP, FIGI) that an instrument of the same currency
    already carries.
    """
    if body.calendar is not None:
        calendars.check_name(body.calendar)
    names = list(body.identifiers)
    given = ((Scheme.TICKER, body.ticker), (Scheme.ISIN, body.isin), (Scheme.CUSIP, body.cusip))
    names += [Identifier(scheme=scheme, value=value) for scheme, value in given if value]
    names = [
        name.model_copy(update={"value": matching.normal(name.scheme, name.value)})
        for name in names
    ]
    worldwide = {name.scheme: name.value for name in names if name.scheme in matching.WORLDWIDE}
    today = context.clock.now().date()
    if worldwide:
        known = await known_names(context, worldwide.items())
        rows = await store.read(context.session, {name.instrument_id for name in known}, today)
        for row in rows.values():
            if row.currency == body.currency:
                raise InstrumentExists(
                    f"{row.name} ({row.currency}) already carries this identifier",
                    details={"instrument_id": str(row.id)},
                )
    instrument_id = new_id()
    await add(context, [(instrument_id, body, names)])
    context.fact("market.instrument_created", instrument_id, name=body.name)
    return await get(context, instrument_id)


@operation("market.list_instruments", scope="market:read", http="GET /instruments")
async def list_instruments(context: Context, body: ListInstruments) -> Page[InstrumentRow]:
    """List instruments with their identifiers, oldest first."""
    after = None
    if body.cursor is not None:
        try:
            after = uuid.UUID(str(decode_cursor(body.cursor, 1)[0]))
        except ValueError:
            raise InvalidInput("this cursor is not one of ours", field="cursor") from None
    rows = await store.page(context.session, body, after, context.clock.now().date())
    more = len(rows) > body.limit
    rows = rows[: body.limit]
    return Page[InstrumentRow](
        items=tuple(rows), next_cursor=encode_cursor([str(rows[-1].id)]) if more else None
    )


@operation(
    "market.get_instrument",
    scope="market:read",
    http="GET /instruments/{instrument}",
    positional=("instrument",),
)
async def get_instrument(context: Context, body: GetInstrument) -> InstrumentRow:
    """Show an instrument by id, ticker or scheme:value, as of a day."""
    return await find(context, body.instrument, as_of=body.as_of)


@operation(
    "market.change_instrument",
    scope="market:write",
    http="PATCH /instruments/{instrument}",
    writes=True,
    positional=("instrument",),
)
async def change_instrument(context: Context, body: ChangeInstrument) -> InstrumentRow:
    """Change an instrument's name, asset class, taxonomies, calendar, or mark it inactive.

    Currency, kind and quantity precision never change: the book's amounts depend on them.
    """
    row = await find(context, body.instrument)
    changes = body.model_dump(exclude={"instrument"}, exclude_none=True)
    if body.calendar is not None:
        calendars.check_name(body.calendar)
    if changes:
        await _change(context, row.id, changes)
        context.fact("market.instrument_changed", row.id, fields=[*sorted(changes)])
    return await get(context, row.id)


@operation(
    "market.rename_instrument",
    scope="market:write",
    http="POST /instruments/{instrument}/rename",
    writes=True,
    status=200,
    positional=("instrument", "value"),
)
async def rename_instrument(context: Context, body: RenameInstrument) -> InstrumentRow:
    """Give an instrument a new ticker (or other identifier) from a day on; the old one ends.

    The old identifier still finds the instrument as of earlier days.
    """
    row = await find(context, body.instrument)
    value = matching.normal(body.scheme, body.value)
    old = row.identifier(body.scheme, body.effective_on)
    if old == value:
        return row
    newest = max(
        (n.valid_from for n in row.identifiers if n.scheme is body.scheme and n.valid_from),
        default=None,
    )
    if newest is not None and newest >= body.effective_on:
        raise InvalidInput(
            f"its {body.scheme} already changed on {newest}",
            field="effective_on",
            hint="A rename must come after the previous one.",
        )
    await context.session.execute(
        update(InstrumentIdentifier)
        .where(
            InstrumentIdentifier.instrument_id == row.id,
            InstrumentIdentifier.scheme == body.scheme.value,
            InstrumentIdentifier.valid_to.is_(None),
        )
        .values(valid_to=body.effective_on)
    )
    name = Identifier(scheme=body.scheme, value=value, valid_from=body.effective_on)
    await context.session.execute(insert(InstrumentIdentifier), [name_row(context, row.id, name)])
    await _change(context, row.id, {"name": body.name} if body.name else {})
    context.fact("market.instrument_renamed", row.id, old=old, new=value)
    return await get(context, row.id)


async def _change(context: Context, instrument_id: uuid.UUID, changes: dict[str, Any]) -> None:
    await context.session.execute(
        update(Instrument)
        .where(Instrument.id == instrument_id)
        .values(**changes, xid=func.pg_current_xact_id())
    )
