"""Random books: two accounts, three instruments, two currencies, everything that can happen."""

import datetime as dt
import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from bursar.ledger.models import NewActivity
from bursar.market.models.instruments import InstrumentRow
from tests.harness import Harness
from tests.portfolio import build

FIRST = dt.date(2024, 1, 1)
CENT = Decimal("0.01")


@dataclass
class RandomBook:
    days: int
    accounts: list[uuid.UUID]
    instruments: list[InstrumentRow]
    activities: list[NewActivity] = field(default_factory=list)

    @property
    def last(self) -> dt.date:
        return FIRST + dt.timedelta(days=self.days)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a book that can be made again


def on(place: int) -> str:
    return (FIRST + dt.timedelta(days=place)).isoformat()


def cents(chance: random.Random, low: float, high: float) -> Decimal:
    return Decimal(str(chance.uniform(low, high))).quantize(CENT, rounding=ROUND_HALF_EVEN)


async def random_book(
    harness: Harness,
    chance: random.Random,
    *,
    days: int = 40,
    events: int = 25,
    foreign: bool = True,
    order: list[int] | None = None,
) -> RandomBook:
    """Post a random book and prices; the clock stands on its last day."""
    build.stand_on(harness, on(days))
    accounts = [await build.account(harness, name) for name in ("One", "Two")]
    other = "EUR" if foreign else "USD"
    instruments = [
        await build.instrument(harness, name, currency=currency)
        for name, currency in (("AAA", "USD"), ("BBB", other), ("CCC", other))
    ]
    book = RandomBook(days, accounts, instruments)
    level = {row.id: Decimal(chance.randint(20, 200)) for row in instruments}
    splits: dict[int, tuple[InstrumentRow, int]] = {}
    if chance.random() < 0.5:
        splits[chance.randint(5, days - 1)] = (chance.choice(instruments), chance.choice([2, 3, 4]))
    points: dict[uuid.UUID, dict[str, str]] = {row.id: {} for row in instruments}
    for place in range(days + 1):
        for row in instruments:
            level[row.id] *= Decimal(str(chance.uniform(0.96, 1.045)))
            if place in splits and splits[place][0].id == row.id:
                level[row.id] /= splits[place][1]
            if place == 0 or chance.random() < 0.7 or place in splits:
                points[row.id][on(place)] = str(level[row.id].quantize(CENT))
    await build.price_many(harness, [(row, points[row.id]) for row in instruments])
    if foreign:
        rates = {
            on(place): f"{chance.uniform(1.0, 1.3):.4f}"
            for place in range(days + 1)
            if place == 0 or chance.random() < 0.6
        }
        await build.rate(harness, "EUR", "USD", rates)
    _events(book, chance, splits=splits, events=events)
    if book.activities:
        posted = book.activities if order is None else [book.activities[i] for i in order]
        await build.post(harness, *posted)
    return book


def _events(
    book: RandomBook,
    chance: random.Random,
    *,
    splits: dict[int, tuple[InstrumentRow, int]],
    events: int,
) -> None:
    held: dict[tuple[uuid.UUID, uuid.UUID], Decimal] = defaultdict(Decimal)
    for account in book.accounts:
        add(book, account, "deposit", 0, amount=100_000, currency="USD")
        if book.instruments[1].currency == "EUR":
            add(book, account, "deposit", 0, amount=80_000, currency="EUR")
    places = sorted(
        [(chance.randint(0, book.days), False) for _ in range(events)] + [(d, True) for d in splits]
    )
    seen: set[int] = set()
    for place, is_split in sorted(places, key=lambda each: (each[0], not each[1])):
        if is_split:
            if place in seen:
                continue
            seen.add(place)
            row, factor = splits[place]
            for account in book.accounts:
                if held[account, row.id]:
                    added = held[account, row.id] * (factor - 1)
                    add(
                        book,
                        account,
                        "split",
                        place,
                        instrument=row,
                        ratio=(factor, 1),
                        quantity=added,
                    )
                    held[account, row.id] *= factor
        else:
            _event(book, chance, held, place)


def add(book: RandomBook, account: uuid.UUID, kind: str, place: int, **fields: object) -> None:
    book.activities.append(build.activity(account, kind, on(place), **fields))


def _event(
    book: RandomBook,
    chance: random.Random,
    held: dict[tuple[uuid.UUID, uuid.UUID], Decimal],
    place: int,
) -> None:
    account, other = chance.sample(book.accounts, 2)
    row = chance.choice(book.instruments)
    own = held[account, row.id]
    kind = chance.choice(
        ["buy", "buy", "buy", "sell", "dividend", "fee", "interest", "deposit", "withdrawal",
         "move", "cash", "fx_conversion", "delivery_in", "interest_charge", "staking_reward"]
    )  # fmt: skip
    match kind:
        case "buy":
            quantity = cents(chance, 1, 20)
            held[account, row.id] += quantity
            add(book, account, "buy", place, instrument=row, quantity=quantity, currency=row.currency,
                unit_price=cents(chance, 10, 200), fees=cents(chance, 0, 5), taxes=cents(chance, 0, 2))  # fmt: skip
        case "sell" if own > 0:
            quantity = own if chance.random() < 0.3 else min(own, cents(chance, 1, 10))
            held[account, row.id] -= quantity
            add(book, account, "sell", place, instrument=row, quantity=quantity, currency=row.currency,
                unit_price=cents(chance, 10, 200), fees=cents(chance, 0, 5), taxes=cents(chance, 0, 2))  # fmt: skip
        case "dividend" if own > 0:
            add(book, account, "dividend", place, instrument=row, currency=row.currency,
                amount=cents(chance, 5, 50), taxes=cents(chance, 0, 4))  # fmt: skip
        case "move" if own > 0:
            quantity = min(own, cents(chance, 1, 10))
            held[account, row.id] -= quantity
            held[other, row.id] += quantity
            add(book, account, "transfer_out", place, instrument=row, quantity=quantity, counter_account_id=other)  # fmt: skip
        case "delivery_in" | "staking_reward":
            quantity = cents(chance, 1, 5)
            held[account, row.id] += quantity
            # A delivery without a cost leaves cost and gains undefined; most books have none.
            stated = kind == "delivery_in" and chance.random() < 0.95
            add(book, account, kind, place, instrument=row, quantity=quantity, currency=row.currency,
                amount=cents(chance, 10, 900) if stated else None)  # fmt: skip
        case "cash":
            add(book, account, "transfer_out", place, amount=cents(chance, 1, 900), currency=row.currency, counter_account_id=other)  # fmt: skip
        case "fx_conversion" if row.currency == "EUR":
            add(book, account, "fx_conversion", place, amount=cents(chance, 10, 900), currency="USD",
                counter_amount=cents(chance, 10, 900), counter_currency="EUR")  # fmt: skip
        case "fee" | "interest" | "deposit" | "withdrawal" | "interest_charge":
            add(book, account, kind, place, amount=cents(chance, 1, 300), currency=row.currency)
