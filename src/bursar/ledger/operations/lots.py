"""Lots and realised gains: stored for each account's own method, computed for any other or date."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from bursar.core.money import format_decimal, from_units
from bursar.ledger.calc.components import components
from bursar.ledger.calc.currencies import currency
from bursar.ledger.calc.lot_steps import PositionKey
from bursar.ledger.calc.lots.events import Event
from bursar.ledger.models.lots import (
    GainsQuery,
    GainsReport,
    GainTotal,
    LotProblem,
    LotsQuery,
    LotsReport,
    RealizedGain,
    TaxLot,
)
from bursar.ledger.operations.derivation import Derived, derive, events_of, relatives
from bursar.ledger.operations.lot_appends import append
from bursar.ledger.operations.lot_rows import Row, lot_rows, match_rows, problem_rows
from bursar.ledger.store import lots as store
from bursar.runtime.context import Context
from bursar.runtime.pages import cursor_number, decode_cursor, encode_cursor
from bursar.runtime.registry import operation

MATCHES_MAX = 1_000_000
# Above this one derivation of all is cheaper than asking position by position.
APPENDED_INSTRUMENTS_MAX = 50
APPENDED_ACTIVITIES_MAX = 1_000
ACTIVITIES_PER_PORTION = 2_000


@dataclass(slots=True)
class _PutOff:
    """What a later derivation must look at; `whole` when more than additions happened."""

    instruments: set[uuid.UUID] = field(default_factory=set)
    added: list[uuid.UUID] = field(default_factory=list)
    whole: bool = False


_put_off: ContextVar[_PutOff | None] = ContextVar("lots_put_off", default=None)


@asynccontextmanager
async def lots_derived_once(context: Context) -> AsyncIterator[None]:
    """Let everything posted inside derive its lots at the end, in one go.

    Deriving reads a position's whole past, so doing it after each block of a large import would
    read that past again and again. Inside, stored lots are those of before.
    """
    touched = _PutOff()
    token = _put_off.set(touched)
    try:
        yield
    finally:
        _put_off.reset(token)
    only_added = not touched.whole and len(touched.added) <= APPENDED_ACTIVITIES_MAX
    await refresh_lots(context, touched.instruments, added=touched.added if only_added else ())


async def refresh_lots(
    context: Context, instruments: Collection[uuid.UUID], *, added: Collection[uuid.UUID] = ()
) -> None:
    """Bring the stored lots of `instruments` and their relatives up to date, in every account.

    `added`: the new activities, when nothing else has changed. Where they only go on from what is
    stored, they are worked in; elsewhere the lots are derived anew.
    """
    put_off = _put_off.get()
    if put_off is not None:
        put_off.instruments.update(instruments)
        put_off.added.extend(added)
        put_off.whole = put_off.whole or bool(instruments and not added)
        return
    rest = await relatives(context, instruments)
    if added and len(rest) == len(set(instruments)) <= APPENDED_INSTRUMENTS_MAX:
        rest -= await append(context, rest, added)
    if not rest:
        return
    for wanted in await _portions(context, rest):
        derived = await derive(context, wanted)
        held = await store.units_held(context.session, context.workspace_id, wanted)
        _compare(derived, held)
        rows = {
            "tax_lot": lot_rows(context.workspace_id, derived),
            "lot_match": match_rows(context.workspace_id, derived),
            "lot_problem": problem_rows(context.workspace_id, derived),
        }
        await store.replace(context.session, context.workspace_id, wanted, rows)


async def _portions(context: Context, instruments: Collection[uuid.UUID]) -> list[set[uuid.UUID]]:
    """Return the instruments with their relatives in sets that are whole, each of bounded work."""
    links = await store.linked_instruments(context.session, context.workspace_id)
    families = components(instruments, links)
    sizes = await store.activity_counts(
        context.session, context.workspace_id, set[uuid.UUID]().union(*families)
    )
    portions: list[set[uuid.UUID]] = []
    room = 0
    for family in families:
        size = sum(sizes.get(each, 0) for each in family)
        if size > room:
            portions.append(set())
            room = ACTIVITIES_PER_PORTION
        portions[-1] |= family
        room -= size
    return portions


def _compare(derived: Derived, held: dict[PositionKey, int]) -> None:
    """Note every position whose lots do not add up to what the book holds."""
    for key in held.keys() | derived.rebuilt.keys():
        if key in derived.problems:
            continue
        lots = derived.rebuilt[key].state.quantity if key in derived.rebuilt else 0
        if lots != held.get(key, 0):
            exponent = derived.instruments[key[1]][1]
            derived.problems[key] = (
                "quantity_differs",
                (
                    f"the lots add up to {format_decimal(from_units(lots, exponent))} units, the book"
                    f" holds {format_decimal(from_units(held.get(key, 0), exponent))}; check the"
                    " quantities of splits and other corporate actions"
                ),
            )


async def lot_events(
    context: Context, account_id: uuid.UUID, instrument_id: uuid.UUID
) -> tuple[Event, ...]:
    """Return what happened to one position, as the lot engine takes it."""
    known = await store.instruments_known(context.session, context.workspace_id)
    wanted = await relatives(context, {instrument_id})
    found = await events_of(context, wanted & known.keys(), known)
    return tuple(found.events.get((account_id, instrument_id), ()))


@operation(
    "ledger.list_lots",
    scope="ledger:read",
    http="GET /lots",
    command="lots list",
)
async def list_lots(context: Context, query: LotsQuery) -> LotsReport:
    """List open tax lots by account and instrument, by any cost method and as of any day.

    Purchase fees and taxes are part of the cost; transfers between own accounts keep date and cost.
    """
    offset = 0 if query.cursor is None else cursor_number(decode_cursor(query.cursor, 1)[0])
    known = await store.instruments_known(context.session, context.workspace_id)
    if query.method is None and query.as_of is None:
        rows: list[Any] = await store.lots(
            context.session,
            context.workspace_id,
            account_id=query.account_id,
            instrument_id=query.instrument_id,
            limit=query.limit + 1,
            offset=offset,
        )
        found = [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public row API
        problems = await _stored_problems(context, query.account_id, query.instrument_id)
    else:
        derived = await _derived(context, query, known)
        found = _matching(lot_rows(context.workspace_id, derived), query)
        found.sort(key=_lot_order)
        found = found[offset : offset + query.limit + 1]
        problems = _problems(_matching(problem_rows(context.workspace_id, derived), query))
    more = len(found) > query.limit
    unstated = await store.unstated_costs(context.session, context.workspace_id)
    return LotsReport(
        items=tuple(_lot_model(row, known, unstated) for row in found[: query.limit]),
        problems=problems,
        next_cursor=encode_cursor([offset + query.limit]) if more else None,
    )


@operation(
    "ledger.list_realized_gains",
    scope="ledger:read",
    http="GET /gains",
    command="lots gains",
)
async def list_realized_gains(context: Context, query: GainsQuery) -> GainsReport:
    """List realised gains by lot and term, with totals by currency, for any cost method.

    Long-term means held for more than one year (26 USC 1222).
    """
    known = await store.instruments_known(context.session, context.workspace_id)
    if query.method is None:
        rows = await store.matches(
            context.session,
            {
                "workspace": context.workspace_id,
                "account": query.account_id,
                "instrument": query.instrument_id,
                "from_on": query.from_on,
                "to_on": query.to_on,
                "limit": MATCHES_MAX,
            },
        )
        found = [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public row API
        problems = await _stored_problems(context, query.account_id, query.instrument_id)
    else:
        derived = await _derived(context, query, known)
        found = [
            row
            for row in _matching(match_rows(context.workspace_id, derived), query)
            if (query.from_on is None or row["closed_on"] >= query.from_on)
            and (query.to_on is None or row["closed_on"] <= query.to_on)
        ]
        found.sort(key=lambda row: row["closed_on"])
        problems = _problems(_matching(problem_rows(context.workspace_id, derived), query))
    unstated = await store.unstated_costs(context.session, context.workspace_id)
    costed = [row for row in found if _costs_stated(row, unstated)]
    return GainsReport(
        items=tuple(_gain_model(row, known, unstated) for row in found[: query.limit]),
        totals=_totals(costed),
        without_cost=len(found) - len(costed),
        truncated=len(found) > query.limit,
        problems=problems,
    )


async def _derived(
    context: Context,
    query: LotsQuery | GainsQuery,
    known: dict[uuid.UUID, tuple[str, int]],
) -> Derived:
    wanted = (
        set(known)
        if query.instrument_id is None
        else await relatives(context, {query.instrument_id}) & known.keys()
    )
    as_of = query.as_of if isinstance(query, LotsQuery) else None
    return await derive(context, wanted, method=query.method, as_of=as_of)


def _matching(rows: list[Row], query: LotsQuery | GainsQuery) -> list[Row]:
    return [
        row
        for row in rows
        if query.account_id in (None, row["account_id"])
        and query.instrument_id in (None, row["instrument_id"])
    ]


def _lot_order(row: Row) -> tuple[uuid.UUID, uuid.UUID, dt.date, str]:
    return (row["account_id"], row["instrument_id"], row["acquired_on"], row["lot_id"])


async def _stored_problems(
    context: Context, account_id: uuid.UUID | None, instrument_id: uuid.UUID | None
) -> tuple[LotProblem, ...]:
    rows = await store.problems(
        context.session,
        context.workspace_id,
        account_id=account_id,
        instrument_id=instrument_id,
    )
    return _problems(dict(row._mapping) for row in rows)  # noqa: SLF001 - public row API


def _problems(rows: Iterable[Row]) -> tuple[LotProblem, ...]:
    return tuple(
        LotProblem(**{name: row[name] for name in LotProblem.model_fields}) for row in rows
    )


def _costs_stated(row: Row, unstated: Collection[str]) -> bool:
    """Tell whether a lot goes back to a stated cost; its id names all that handed it on."""
    return not {str(row["opened_by"]), *str(row["lot_id"]).split("/")} & set(unstated)


def _lot_model(
    row: Row, known: dict[uuid.UUID, tuple[str, int]], unstated: Collection[str]
) -> TaxLot:
    code, exponent = known[row["instrument_id"]]
    places = currency(row["currency"]).exponent
    stated = _costs_stated(row, unstated)
    return TaxLot(
        lot_id=row["lot_id"],
        account_id=row["account_id"],
        instrument_id=row["instrument_id"],
        code=code,
        opened_by=row["opened_by"],
        acquired_on=row["acquired_on"],
        quantity=from_units(int(row["quantity"]), exponent),
        remaining=from_units(int(row["remaining"]), exponent),
        cost=from_units(int(row["cost"]), places) if stated else None,
        remaining_cost=from_units(int(row["remaining_cost"]), places) if stated else None,
        remaining_fees=from_units(int(row["remaining_fees"]), places),
        currency=row["currency"],
    )


def _gain_model(
    row: Row, known: dict[uuid.UUID, tuple[str, int]], unstated: Collection[str]
) -> RealizedGain:
    code, exponent = known[row["instrument_id"]]
    places = currency(row["currency"]).exponent
    stated = _costs_stated(row, unstated)
    return RealizedGain(
        account_id=row["account_id"],
        instrument_id=row["instrument_id"],
        code=code,
        lot_id=row["lot_id"],
        opened_by=row["opened_by"],
        closed_by=row["closed_by"],
        kind=row["kind"],
        quantity=from_units(int(row["quantity"]), exponent),
        proceeds=from_units(int(row["proceeds"]), places),
        cost=from_units(int(row["cost"]), places) if stated else None,
        gain=from_units(int(row["gain"]), places) if stated else None,
        fees=from_units(int(row["opening_fees"] + row["closing_fees"]), places),
        currency=row["currency"],
        opened_on=row["opened_on"],
        closed_on=row["closed_on"],
        term=row["term"],
    )


def _totals(rows: list[Row]) -> tuple[GainTotal, ...]:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        total = sums[row["currency"], row["term"]]
        for place, name in enumerate(("proceeds", "cost", "gain")):
            total[place] += int(row[name])
    return tuple(
        GainTotal(
            currency=code,
            term=term,
            proceeds=from_units(total[0], currency(code).exponent),
            cost=from_units(total[1], currency(code).exponent),
            gain=from_units(total[2], currency(code).exponent),
        )
        for (code, term), total in sorted(sums.items())
    )
