"""Deriving lots from the book: all positions of the instruments asked for, and their relatives."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bursar.core.errors import BursarError
from bursar.ledger.calc.lot_events import lot_events_of
from bursar.ledger.calc.lot_steps import LotActivity, LotEvents, PositionKey
from bursar.ledger.calc.lots.linked import rebuild_linked
from bursar.ledger.calc.lots.position import Method, Position
from bursar.ledger.calc.lots.rebuild import Rebuilt
from bursar.ledger.models import CostMethod
from bursar.ledger.store import accounts as account_store
from bursar.ledger.store import lots as store
from bursar.runtime.context import Context


@dataclass(slots=True)
class Derived:
    """Lots by position, and why some are missing or incomplete."""

    rebuilt: dict[PositionKey, Rebuilt] = field(default_factory=dict)
    problems: dict[PositionKey, tuple[str, str]] = field(default_factory=dict)
    instruments: dict[uuid.UUID, tuple[str, int]] = field(default_factory=dict)


async def relatives(context: Context, instruments: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return the instruments and those that corporate actions join to them."""
    neighbours: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for left, right in await store.linked_instruments(context.session, context.workspace_id):
        neighbours[left].add(right)
        neighbours[right].add(left)
    found, waiting = set(instruments), list(instruments)
    while waiting:
        for other in neighbours[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found


async def events_of(
    context: Context,
    instruments: Collection[uuid.UUID],
    known: dict[uuid.UUID, tuple[str, int]],
    *,
    as_of: dt.date | None = None,
    since: Mapping[uuid.UUID, dt.datetime] | None = None,
) -> LotEvents:
    """Return the lot events of all positions of `instruments`, up to the end of a day.

    `since`: only those from a moment on, for each instrument.
    """
    rows = await store.activities(context.session, context.workspace_id, instruments, since=since)
    return lot_events_of(
        LotActivity(
            id=row.id,
            kind=row.kind,
            effective_at=row.effective_at,
            account_id=row.account_id,
            counter_account_id=row.counter_account_id,
            instrument_id=row.instrument_id,
            counter_instrument_id=row.counter_instrument_id,
            quantity=row.quantity,
            counter_quantity=row.counter_quantity,
            amount=row.amount,
            fees=row.fees,
            taxes=row.taxes,
            currency=row.currency,
            ratio=(
                None
                if row.ratio_numerator is None
                else (int(row.ratio_numerator), int(row.ratio_denominator))
            ),
            exponent=known[row.instrument_id][1],
            counter_exponent=known.get(row.counter_instrument_id, ("", 0))[1],
            choice=tuple(
                (each["lot_id"], Decimal(each["quantity"])) for each in row.lot_choice or ()
            ),
            stock_value=None if row.stock_value is None else Decimal(row.stock_value),
            acquired_on=(
                None if row.acquired_on is None else dt.date.fromisoformat(row.acquired_on)
            ),
        )
        for row in rows
        if as_of is None or row.effective_at.astimezone(dt.UTC).date() <= as_of
    )


async def derive(
    context: Context,
    instruments: Collection[uuid.UUID],
    *,
    method: CostMethod | None = None,
    as_of: dt.date | None = None,
) -> Derived:
    """Derive the lots of `instruments`, which must be complete with their relatives.

    Positions joined by transfers or corporate actions are derived together; when one of them has
    no answer, all of them get its reason instead of lots.
    """
    known = await store.instruments_known(context.session, context.workspace_id)
    derived = Derived(instruments=known)
    found = await events_of(context, instruments, known, as_of=as_of)
    derived.problems.update(found.problems)
    account_ids = {key[0] for key in found.events}
    accounts = await account_store.own_accounts(
        context.session, context.workspace_id, sorted(account_ids)
    )
    for group in _joined(found):
        used = sorted({each for key in group for each in found.currencies[key]})
        if len(used) > 1:
            reason = ("several_currencies", f"traded in {', '.join(used)}")
            derived.problems.update(dict.fromkeys(group, reason))
            continue
        by_position = {
            Position(
                account=str(key[0]),
                instrument=str(key[1]),
                method=Method((method or CostMethod(accounts[key[0]].cost_method)).value),
                currency=used[0] if used else accounts[key[0]].currency or "USD",
                quantity_exponent=known[key[1]][1],
                allow_short=accounts[key[0]].allow_short,
            ): key
            for key in group
        }
        try:
            rebuilt = rebuild_linked(
                {position: found.events[key] for position, key in by_position.items()}
            )
        except BursarError as error:
            derived.problems.update(dict.fromkeys(group, (error.code, error.message)))
            continue
        derived.rebuilt.update({by_position[each]: value for each, value in rebuilt.items()})
    return derived


def _joined(found: LotEvents) -> list[list[PositionKey]]:
    """Return the groups of positions that hand lots to one another."""
    root = {key: key for key in found.events}

    def top(key: PositionKey) -> PositionKey:
        while root[key] != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    for left, right in found.links:
        root[top(left)] = top(right)
    groups: dict[PositionKey, list[PositionKey]] = defaultdict(list)
    for key in found.events:
        groups[top(key)].append(key)
    return list(groups.values())
