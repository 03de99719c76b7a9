"""Reading the whole book for engines above: accounts, activities and their posted legs.

A reading names the database snapshot it was taken in. The next one, given that snapshot, holds
only what was committed since; rows of activities and legs never change, so the two add up.
Activities and legs stay columns: the facts of one activity are made when somebody asks for them.
"""

import asyncio
import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bursar.ledger.store import legs as store
from bursar.runtime.context import Context

Integers = NDArray[np.int64]
ID_BYTES = 16
NO_ID = bytes(ID_BYTES)
NO_ACCOUNT = uuid.UUID(bytes=NO_ID)
DAY_MICROSECONDS = 86_400_000_000
# PostgreSQL counts microseconds from 2000-01-01.
POSTGRESQL_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
POSTGRESQL_EPOCH_DAY = 10_957


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account, one of the workspace's system accounts included (their kind says which)."""

    id: uuid.UUID
    name: str
    kind: str
    account_class: str
    currency: str | None
    cost_method: str
    allow_short: bool
    institution: str | None
    tax_wrapper: str


@dataclass(frozen=True, slots=True)
class BalanceFacts:
    """One commodity in one account; `instrument_id` is None for currencies."""

    id: int
    account_id: uuid.UUID
    commodity_id: int
    code: str
    exponent: int
    kind: str
    instrument_id: uuid.UUID | None


class ActivityFacts(NamedTuple):
    """An activity; `day` counts UTC days since 1970-01-01, amounts are in major units."""

    id: uuid.UUID
    kind: str
    day: int
    effective_at: dt.datetime
    account_id: uuid.UUID
    counter_account_id: uuid.UUID | None
    instrument_id: uuid.UUID | None
    quantity: Decimal | None
    unit_price: Decimal | None
    currency: str | None
    amount: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    counter_instrument_id: uuid.UUID | None
    counter_quantity: Decimal | None
    counter_amount: Decimal | None
    counter_currency: str | None
    ratio_numerator: Decimal | None
    ratio_denominator: Decimal | None
    reverses_id: uuid.UUID | None
    lot_choice: str | None
    acquired_on: str | None


@dataclass(slots=True)
class Activities:
    """Activities as columns in order of (effective_at, id); ids are 16 bytes, NO_ID for none.

    `texts` holds the other columns as the database writes them, "" for none.
    """

    ids: dict[str, list[bytes]]
    moments: list[int]
    days: list[int]
    texts: dict[str, list[str]]
    choices: dict[int, str]
    acquired: dict[int, str]
    _known: dict[bytes, uuid.UUID | None] = field(default_factory=lambda: {NO_ID: None})
    _facts: dict[int, ActivityFacts] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.moments)

    def __iter__(self) -> Iterator[ActivityFacts]:
        return map(self.facts, range(len(self)))

    @property
    def kinds(self) -> list[str]:
        """The kind of each activity."""
        return self.texts["kind"]

    def id(self, name: str, place: int) -> uuid.UUID | None:
        """Return an id of one activity: of itself, its account, its instrument and so on."""
        raw = self.ids[name][place]
        if raw not in self._known:
            self._known[raw] = uuid.UUID(bytes=raw)
        return self._known[raw]

    def number(self, name: str, place: int) -> Decimal | None:
        """Return a number of one activity in major units, or None when it has none."""
        text = self.texts[name][place]
        return Decimal(text) if text else None

    def facts(self, place: int) -> ActivityFacts:
        """Return everything about one activity."""
        found = self._facts.get(place)
        if found is None:
            found = self._facts[place] = self._made(place)
        return found

    def extend(self, others: "Activities", places: list[int]) -> None:
        """Add some of other activities behind these."""
        for name, column in self.ids.items():
            column.extend(others.ids[name][place] for place in places)
        for name, texts in self.texts.items():
            texts.extend(others.texts[name][place] for place in places)
        for place in places:
            if place in others.choices:
                self.choices[len(self.moments)] = others.choices[place]
            if place in others.acquired:
                self.acquired[len(self.moments)] = others.acquired[place]
            self.moments.append(others.moments[place])
            self.days.append(others.days[place])

    def _made(self, place: int) -> ActivityFacts:
        text, number = self.texts, self.number
        return ActivityFacts(
            uuid.UUID(bytes=self.ids["id"][place]),
            text["kind"][place],
            self.days[place],
            POSTGRESQL_EPOCH + dt.timedelta(microseconds=self.moments[place]),
            self.id("account_id", place) or NO_ACCOUNT,
            self.id("counter_account_id", place),
            self.id("instrument_id", place),
            number("quantity", place),
            number("unit_price", place),
            text["currency"][place] or None,
            number("amount", place),
            number("fees", place),
            number("taxes", place),
            self.id("counter_instrument_id", place),
            number("counter_quantity", place),
            number("counter_amount", place),
            text["counter_currency"][place] or None,
            number("ratio_numerator", place),
            number("ratio_denominator", place),
            self.id("reverses_id", place),
            self.choices.get(place),
            self.acquired.get(place),
        )


@dataclass(frozen=True, slots=True)
class Legs:
    """Posted legs as columns: `amount` smallest units moved from balance `debit` to `credit`.

    Amounts are exact integers of any size. `activity` holds the ids of activities, 16 bytes each.
    """

    activity: list[bytes]
    debit: Integers
    credit: Integers
    amount: list[int]

    def __len__(self) -> int:
        return len(self.amount)


@dataclass(frozen=True, slots=True)
class BookReading:
    """What was read; `snapshot` is the token for the next reading.

    `newer` is False when this transaction does not see all that `since` saw: then nothing may be
    added to what was read then. `read_only` tells whether the transaction is. `balances` are all
    of them, or with `since` those that the new legs move.
    """

    accounts: tuple[AccountFacts, ...]
    balances: tuple[BalanceFacts, ...]
    activities: Activities
    legs: Legs
    snapshot: str
    newer: bool
    read_only: bool


async def read_legs(context: Context, *, since: str | None = None) -> BookReading:
    """Read the workspace's book, or with `since` (an earlier `snapshot`) only what is new.

    Pending transfers are not in it.
    """
    session, workspace_id = context.session, context.workspace_id
    if since is not None:
        taken = await store.anything_new(session, workspace_id, since)
        if not taken["news"]:
            return _reading(taken, nothing=True)
    row = await store.book(session, workspace_id, since)
    # A whole book is a tenth of a second of work: other requests are answered meanwhile.
    return await asyncio.to_thread(partial(_reading, row)) if since is None else _reading(row)


def _reading(row: Any, *, nothing: bool = False) -> BookReading:
    return BookReading(
        accounts=() if nothing else tuple(AccountFacts(*each) for each in row["accounts"]),
        balances=() if nothing else tuple(BalanceFacts(*each) for each in row["balances"]),
        activities=_activities({} if nothing else row),
        legs=_legs({} if nothing else row),
        snapshot=row["token"],
        newer=row["newer"],
        read_only=row["read_only"],
    )


def _activities(row: Any) -> Activities:
    moments = np.frombuffer(row.get("moments") or b"", dtype=">i8").astype(np.int64)
    return Activities(
        ids={name: _ids(row.get(f"{name}s")) for name in store.ID_COLUMNS},
        moments=moments.tolist(),
        days=(moments // DAY_MICROSECONDS + POSTGRESQL_EPOCH_DAY).tolist(),
        texts={name: _texts(row.get(f"{name}_texts")) for name in store.TEXT_COLUMNS},
        choices=dict(map(tuple, row.get("choices") or ())),
        acquired=dict(map(tuple, row.get("acquired") or ())),
    )


def _legs(row: Any) -> Legs:
    return Legs(
        _ids(row.get("groups")),
        np.frombuffer(row.get("debits") or b"", dtype=">i8").astype(np.int64),
        np.frombuffer(row.get("credits") or b"", dtype=">i8").astype(np.int64),
        list(map(int, _texts(row.get("moved_texts")))),
    )


def _ids(packed: bytes | None) -> list[bytes]:
    raw = packed or b""
    return [raw[at : at + ID_BYTES] for at in range(0, len(raw), ID_BYTES)]


def _texts(joined: str | None) -> list[str]:
    return [] if joined is None else joined.split(store.SEPARATOR)
