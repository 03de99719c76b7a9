"""The book in columns, for engines that compute over all of it."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bursar.ledger.models.accounts import AccountClass

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BookAccount:
    """An account, system accounts included."""

    id: uuid.UUID
    name: str
    kind: str
    account_class: AccountClass
    currency: str | None
    cost_method: str
    tax_wrapper: str
    closed_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class BookCommodity:
    """A commodity; `instrument_id` is None for currencies."""

    id: int
    code: str
    exponent: int
    kind: str
    instrument_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class BookGroups:
    """Activities by (effective_at, id). Ids are 16-byte values; zero bytes stand for none.

    `kinds` indexes `BookReading.kinds`; `moments` are microseconds since 1970 in UTC, `days`
    proleptic ordinals (date.toordinal). `accounts` indexes `BookReading.accounts`.
    """

    ids: NDArray[Any]
    kinds: Integers
    moments: Integers
    days: Integers
    accounts: Integers
    counter_accounts: Integers
    instruments: NDArray[Any]
    counter_instruments: NDArray[Any]
    reverses: NDArray[Any]

    def id(self, place: int) -> uuid.UUID:
        """Return the id of the activity at `place`."""
        return uuid.UUID(bytes=bytes(self.ids[place]))


@dataclass(frozen=True, slots=True)
class BookEntries:
    """What own accounts gained (positive) or gave, in the order of the groups.

    `groups`, `accounts`, `commodities`, `counter_accounts` index the reading's lists;
    `counter_classes` indexes `tuple(AccountClass)`. `codes` are LegCode numbers. `units` are exact
    smallest units: int64, or Python integers (dtype object) when one does not fit. `quantities` are
    the same in major units as float64, for analytics only. A transfer between own accounts has two
    rows, one for each side.
    """

    groups: Integers
    accounts: Integers
    commodities: Integers
    counter_accounts: Integers
    counter_classes: Integers
    codes: Integers
    units: NDArray[Any]
    quantities: Floats
    moments: Integers
    days: Integers
    kinds: Integers


@dataclass(frozen=True, slots=True)
class BookReading:
    """The book as one snapshot sees it, or what it sees that an older one did not.

    `accounts` and `commodities` are always complete; `groups` and `entries` only hold what is new
    when the reading was made with `since`. `provisional` readings include rows of the present
    transaction that are not committed: never keep them. Index 0 of `kinds` stands for an unknown
    kind; -1 in an index column for none.
    """

    snapshot: str
    provisional: bool
    kinds: tuple[str, ...]
    accounts: tuple[BookAccount, ...]
    commodities: tuple[BookCommodity, ...]
    groups: BookGroups
    entries: BookEntries
