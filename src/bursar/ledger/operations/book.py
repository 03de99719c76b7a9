"""The whole book in columns, for engines above; what changed since, by snapshot.

There is no revision counter: a reader keeps the snapshot text of its last reading and asks what
that snapshot could not see. Rows are append-only, so nothing else can have changed.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bursar.ledger.models.accounts import AccountClass
from bursar.ledger.models.activities import ActivityKind
from bursar.ledger.models.book import (
    BookAccount,
    BookCommodity,
    BookEntries,
    BookGroups,
    BookReading,
    Integers,
)
from bursar.ledger.store import book as store
from bursar.runtime.context import Context

KINDS = (
    "unknown",
    *(kind.value for kind in ActivityKind),
    "reversal",
    "hold",
    "capture",
    "void",
    "expire",
    "payment",
    "refund",
)
DAY_MICROSECONDS = 86_400_000_000
EPOCH_ORDINAL = 719_163
_CLASSES = tuple(AccountClass)
_OWN = tuple(_CLASSES.index(each) for each in (AccountClass.ASSET, AccountClass.LIABILITY))


async def read_book(context: Context, *, since: str | None = None) -> BookReading:
    """Read the whole book, or with `since` (a reading's `snapshot`) what is new after it."""
    session, workspace_id = context.session, context.workspace_id
    now, provisional = await store.snapshot(session)
    packed, moves = await store.movements(
        session, workspace_id, kinds=list(KINDS[1:]), now=now, since=since
    )
    accounts = tuple(
        BookAccount(
            row.id,
            row.name,
            row.kind,
            AccountClass(getattr(row, "class")),
            row.currency,
            row.cost_method,
            row.tax_wrapper,
            row.closed_at,
        )
        for row in await store.accounts(session, workspace_id)
    )
    commodities = tuple(
        BookCommodity(*row) for row in await store.commodities(session, workspace_id)
    )
    places = _Places(accounts, commodities, await store.balances(session, workspace_id))
    groups = _groups(packed, places)
    return BookReading(
        snapshot=now,
        provisional=provisional,
        kinds=KINDS,
        accounts=accounts,
        commodities=commodities,
        groups=groups,
        entries=_entries(moves, places, groups),
    )


class _Places:
    """Where ids stand in the reading's lists."""

    def __init__(
        self,
        accounts: tuple[BookAccount, ...],
        commodities: tuple[BookCommodity, ...],
        balances: Any,
    ) -> None:
        self.account_ids = np.array([each.id.bytes for each in accounts], dtype="V16")
        self.classes = np.array(
            [_CLASSES.index(each.account_class) for each in accounts], dtype=np.int64
        )
        self.exponents = np.array([each.exponent for each in commodities], dtype=np.int64)
        commodity_ids = np.array([each.id for each in commodities], dtype=np.int64)
        self.balance_ids = _integers(balances[0])
        self.balance_accounts = self.accounts(_ids(balances[1]))
        self.balance_commodities = np.searchsorted(commodity_ids, _integers(balances[2]))

    def accounts(self, ids: NDArray[Any]) -> Integers:
        """Return the place of each account id; -1 for none."""
        places = {key: place for place, key in enumerate(self.account_ids.tolist())}
        unique, inverse = np.unique(ids.view("S16"), return_inverse=True)
        padded = [bytes(each).ljust(16, b"\0") for each in unique]
        found = np.array([places.get(each, -1) for each in padded], dtype=np.int64)
        return found[inverse] if len(found) else np.zeros(0, dtype=np.int64)


def _groups(packed: Any, places: _Places) -> BookGroups:
    moments = _integers(packed.moments)
    return BookGroups(
        ids=_ids(packed.ids),
        kinds=_integers(packed.kinds, ">i2"),
        moments=moments,
        days=moments // DAY_MICROSECONDS + EPOCH_ORDINAL,
        accounts=places.accounts(_ids(packed.accounts)),
        counter_accounts=places.accounts(_ids(packed.counter_accounts)),
        instruments=_ids(packed.instruments),
        counter_instruments=_ids(packed.counter_instruments),
        reverses=_ids(packed.reverses),
    )


def _entries(moves: Any, places: _Places, groups: BookGroups) -> BookEntries:
    """Turn each move into the entries of its own-account sides, in the order of the groups."""
    place, order = _group_places(moves, groups)
    debits = np.searchsorted(places.balance_ids, _integers(moves.debits)[order])
    credits_ = np.searchsorted(places.balance_ids, _integers(moves.credits)[order])
    balances = np.stack([debits, credits_], axis=1).ravel()
    counters = np.stack([credits_, debits], axis=1).ravel()
    amounts = _amounts(moves)[order]
    units = np.stack([-amounts, amounts], axis=1).ravel()
    accounts, counter_accounts = (
        places.balance_accounts[balances],
        places.balance_accounts[counters],
    )
    own = np.isin(places.classes[accounts], _OWN)
    commodities = places.balance_commodities[balances][own]
    group = np.repeat(place, 2)[own]
    units = units[own]
    scale = np.power(10.0, places.exponents)[commodities]
    return BookEntries(
        groups=group,
        accounts=accounts[own],
        commodities=commodities,
        counter_accounts=counter_accounts[own],
        counter_classes=places.classes[counter_accounts][own],
        codes=np.repeat(_integers(moves.codes, ">i2")[order], 2)[own],
        units=units,
        quantities=units.astype(np.float64) / scale,
        moments=groups.moments[group],
        days=groups.days[group],
        kinds=groups.kinds[group],
    )


def _group_places(moves: Any, groups: BookGroups) -> tuple[Integers, Integers]:
    """Return the group's place for each move, and the moves' order by it (stable)."""
    keys = groups.ids.view("S16")
    by_key = np.argsort(keys)
    wanted = _ids(moves.groups).view("S16")
    place = by_key[np.searchsorted(keys, wanted, sorter=by_key)]
    order = np.argsort(place, kind="stable")
    return place[order], order


def _amounts(packed: Any) -> NDArray[Any]:
    amounts = _integers(packed.amounts)
    if not packed.large_amounts:
        return amounts
    exact = amounts.astype(object)
    exact[amounts == -1] = [int(each) for each in packed.large_amounts]
    return exact


def _integers(column: bytes | None, kind: str = ">i8") -> Integers:
    return np.frombuffer(column or b"", dtype=kind).astype(np.int64)


def _ids(column: bytes | None) -> NDArray[Any]:
    return np.frombuffer(column or b"", dtype="V16")
