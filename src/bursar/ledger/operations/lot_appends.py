"""Lots of a position that only went on: what is stored is where to start, not the first purchase.

A trade after all others changes few lots, however long the position's past is. Whatever could reach
further back (an earlier day, a transfer, a split, a reversal, a position with a problem) is left to
the full derivation; both give the same rows.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bursar.core.errors import BursarError
from bursar.ledger.calc.lot_steps import LotEvents, PositionKey
from bursar.ledger.calc.lots.events import (
    DeliveryIn,
    DeliveryOut,
    Event,
    Reward,
    Trade,
    microseconds,
    order_key,
)
from bursar.ledger.calc.lots.lot import EMPTY_STATE, Lot, LotState
from bursar.ledger.calc.lots.position import Method, Position
from bursar.ledger.calc.lots.rebuild import Rebuilt, rebuild
from bursar.ledger.calc.posting_order import is_timed
from bursar.ledger.operations.derivation import Derived, events_of
from bursar.ledger.operations.lot_rows import lot_rows, match_rows
from bursar.ledger.store import accounts as account_store
from bursar.ledger.store import lots as store
from bursar.ledger.tables import Account
from bursar.runtime.context import Context

SIMPLE = (Trade, Reward, DeliveryIn, DeliveryOut)
OPENS_FIRST = ("delivery_in", "opening_balance")
ACTIONS = ("split", "spin_off", "merger", "rename", "return_of_capital")
BY_UNIT_COST = frozenset({Method.HIFO, Method.LOFO})
LOTS_READ_FIRST = 200
LOTS_READ_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class _Appended:
    """One position: the lots that are no longer as stored, what they are now, and what closed."""

    key: PositionKey
    gone: tuple[str, ...]
    rebuilt: Rebuilt


@dataclass(frozen=True, slots=True)
class _Going:
    """One position with its new events; `held` units before them, in smallest units."""

    key: PositionKey
    position: Position
    events: tuple[Event, ...]
    held: int

    @property
    def taken(self) -> int:
        """How many units the events take away at most."""
        return sum(-change for each in self.events if (change := _change(each)) < 0)


async def append(
    context: Context, instruments: Collection[uuid.UUID], added: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Work the activities `added` into the stored lots; return the instruments where that is done.

    The stored lots of the other instruments are left as they were.
    """
    session, workspace_id = context.session, context.workspace_id
    known = await store.instruments_known(session, workspace_id, instruments)
    since = await store.first_moments(session, workspace_id, added)
    wanted = {each: since[each] for each in instruments if each in since and each in known}
    for each in await store.underlyings(session, workspace_id, wanted):
        wanted.pop(each, None)  # a premium may join the trade: options are derived in full
    if not wanted:
        return set()
    found = await events_of(context, wanted, known, since=wanted)
    going = await _going_on(context, found, {str(each) for each in added}, known)
    done: dict[uuid.UUID, list[_Appended]] = {}
    for instrument, positions in going.items():
        appended = [await _appended(context, each) for each in positions]
        complete = [each for each in appended if each is not None]
        if len(complete) == len(appended):
            done[instrument] = complete
    everything = [each for appended in done.values() for each in appended]
    derived = Derived(rebuilt={each.key: each.rebuilt for each in everything})
    await store.replace_some(
        session,
        workspace_id,
        [(*each.key, lot_id) for each in everything for lot_id in each.gone],
        {
            "tax_lot": lot_rows(workspace_id, derived),
            "lot_match": match_rows(workspace_id, derived),
        },
    )
    return set(done)


async def _going_on(
    context: Context, found: LotEvents, added: set[str], known: dict[uuid.UUID, tuple[str, int]]
) -> dict[uuid.UUID, list[_Going]]:
    """Return the positions by instrument, of those instruments where every one just goes on."""
    session, workspace_id = context.session, context.workspace_id
    fresh = {
        key: tuple(each for each in own if each.id in added) for key, own in found.events.items()
    }
    keys = [key for key, own in fresh.items() if own]
    stored = await store.positions_stored(session, workspace_id, keys)
    held = await store.units_held(session, workspace_id, {key[1] for key in keys})
    accounts = await account_store.own_accounts(
        session, workspace_id, sorted({key[0] for key in keys})
    )
    going: dict[uuid.UUID, list[_Going]] = {key[1]: [] for key in keys}
    for key in keys:
        row, account = stored[key], accounts.get(key[0])
        if (
            account is None
            or row.problem
            or row.currency is None
            or not found.currencies[key] <= {row.currency}
            or key in found.problems
            or not _all_after(found.events[key], fresh[key])
        ):
            going.pop(key[1], None)
        elif key[1] in going:
            before = held.get(key, 0) - sum(map(_change, fresh[key]))
            position = _position(key, account, row.currency, exponent=known[key[1]][1])
            going[key[1]].append(_Going(key, position, fresh[key], before))
    return going


def _position(key: PositionKey, account: Account, currency: str, *, exponent: int) -> Position:
    return Position(
        account=str(key[0]),
        instrument=str(key[1]),
        method=Method(account.cost_method),
        currency=currency,
        quantity_exponent=exponent,
        allow_short=account.allow_short,
    )


def _all_after(own: Sequence[Event], fresh: Sequence[Event]) -> bool:
    """Tell whether the new events are plain ones and count after everything that was there."""
    if not all(isinstance(each, SIMPLE) for each in fresh):
        return False
    new, first = {each.id for each in fresh}, min(map(order_key, fresh))
    return all(order_key(each) < first for each in own if each.id not in new)


def _change(event: Event) -> int:
    """Return the units an event of SIMPLE adds."""
    if isinstance(event, DeliveryOut):
        return -event.quantity
    return event.quantity if isinstance(event, Trade | Reward | DeliveryIn) else 0


async def _appended(context: Context, going: _Going) -> _Appended | None:
    """Apply new events to the lots they can reach; None when that takes the whole past."""
    state = await _state(context, going)
    if state is None:
        return None
    try:
        rebuilt = rebuild(going.position, going.events, state=state)
    except BursarError:
        return None  # the derivation says what is wrong
    before = {lot.id: lot for lot in state.lots}
    after = {lot.id: lot for lot in rebuilt.state.lots}
    kept = {lot_id for lot_id, lot in before.items() if after.get(lot_id) == lot}
    changed = LotState(lots=tuple(lot for lot in rebuilt.state.lots if lot.id not in kept))
    return _Appended(
        going.key,
        tuple(lot_id for lot_id in before if lot_id not in kept),
        Rebuilt(going.position, changed, rebuilt.matches, (), (), ()),
    )


async def _state(context: Context, going: _Going) -> LotState | None:
    """Return the lots that the events can reach, as the engine would have them before."""
    method = going.position.method
    if not going.taken and going.held >= 0 and method is not Method.AVERAGE:
        return EMPTY_STATE
    if method in BY_UNIT_COST and await store.was_acted_on(
        context.session, context.workspace_id, going.key[1], ACTIONS
    ):
        return None  # what a unit cost when its lot was restated is not stored
    rows: list[Any] = []
    if method in (Method.FIFO, Method.LIFO) and going.held > 0:
        rows = await _rows(context, going, LOTS_READ_FIRST)
        if len(rows) == LOTS_READ_FIRST:
            # The last day may go on behind the limit.
            rows = [row for row in rows if row.acquired_on != rows[-1].acquired_on]
            if sum(int(row.remaining) for row in rows) < going.taken:
                rows = []
    if not rows:
        rows = await _rows(context, going, LOTS_READ_MAX)
    if any(row.lot_id != str(row.opened_by) for row in rows):
        return None  # it came from elsewhere: its place among the lots of its day is not stored
    ordered = sorted(rows, key=_opening_key)
    lots = tuple(_lot(row, sequence) for sequence, row in enumerate(ordered, start=1))
    return LotState(lots=lots, lots_opened=len(lots))


async def _rows(context: Context, going: _Going, limit: int) -> list[Any]:
    return await store.state(
        context.session,
        context.workspace_id,
        going.key,
        newest_first=going.position.method is Method.LIFO,
        limit=limit,
    )


def _at(row: Any) -> dt.datetime | None:
    moment: dt.datetime = row.effective_at.astimezone(dt.UTC)
    return moment if is_timed(moment) else None


def _opening_key(row: Any) -> tuple[int, ...] | tuple[Any, ...]:
    """Return the place of a lot's opening event, as `order_key` has it."""
    event: Event
    fields: dict[str, Any] = {"id": row.lot_id, "on": row.acquired_on, "at": _at(row)}
    if row.opening_kind in OPENS_FIRST:
        event = DeliveryIn(**fields, quantity=1, cost=0)
    elif row.opening_kind == "staking_reward":
        event = Reward(**fields, quantity=1, value=0)
    else:
        event = Trade(**fields, quantity=1 if row.quantity > 0 else -1, gross=0)
    return order_key(event)


def _lot(row: Any, sequence: int) -> Lot:
    quantity, cost, at = int(row.quantity), int(row.cost), _at(row)
    return Lot(
        id=row.lot_id,
        opened_by=str(row.opened_by),
        acquired_on=row.acquired_on,
        acquired_at=at,
        quantity=quantity,
        remaining=int(row.remaining),
        cost=cost,
        remaining_cost=int(row.remaining_cost),
        remaining_fees=int(row.remaining_fees),
        remaining_report_cost=None,
        currency=row.currency,
        unit_cost=(cost, quantity) if quantity > 0 else (-cost, -quantity),
        rank=(row.acquired_on.toordinal(), microseconds(at), sequence),
    )
