"""The portfolio through the store: 1,000 positions x 10 years from PostgreSQL against dense numpy.

The full run reads the book, the prices and what is known of the instruments, values every day and
measures return, drawdown and Sharpe ratio. The reference does the same from arrays in memory.

    python -m bench.portfolio_store
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from bench.market_load import DAYS, SYMBOLS, _bars, _load
from bench.portfolio_arrays import dense_reference, make_book, seconds
from bench.row import Row, show
from bursar.core.clock import FixedClock
from bursar.interfaces import catalogue
from bursar.ledger.models import AccountKind, ActivityKind, InstrumentRef, NewAccount, NewActivity
from bursar.ledger.operations import accounts, activities
from bursar.market.calc.matching import Scheme
from bursar.market.models.instruments import InstrumentRow
from bursar.market.models.prices import RecordedPrice, RecordPrices
from bursar.market.operations import instruments, prices
from bursar.market.operations.instruments import Lookup
from bursar.portfolio.figures.compute import compute
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.models.summary import SummaryRequest
from bursar.portfolio.operations.summary import summary
from bursar.portfolio.view.days import number_of
from bursar.portfolio.view.freshness import KEY, view
from bursar.portfolio.view.scope import WORKSPACE
from bursar.runtime.database import Database
from bursar.runtime.migrations.upgrade import migrate
from tests.harness import Harness
from tests.servers import RunningServers

TRADES = 20_000
ROUNDS = 5
WARM_CALLS = 60
MEASURES = ("twr.v1", "max_drawdown.v1", "sharpe.v1")


class Bench:
    """A workspace of 1,000 positions with 20,000 trades, and the runs over it."""

    def __init__(self, harness: Harness, days: list[date]) -> None:
        self.harness, self.days = harness, days
        self.rows: list[InstrumentRow] = []
        self.account_id = None

    async def post(self) -> None:
        harness = self.harness
        async with harness.context(read_only=True) as context:
            lookups = [Lookup({Scheme.TICKER: f"T{n:04d}"}) for n in range(SYMBOLS)]
            self.rows = list(await instruments.resolve_many(context, lookups))
        random = np.random.default_rng(3)
        async with harness.context() as context:
            opened = await accounts.open_account(
                context,
                NewAccount(
                    name="Bench",
                    kind=AccountKind.BROKERAGE,
                    currency="USD",
                    opened_at=datetime(2000, 1, 1, tzinfo=UTC),
                ),
            )
            self.account_id = opened.id
            made = [self._activity(ActivityKind.DEPOSIT, 0, amount=Decimal(10) ** 9)]
            for n in range(TRADES):
                place = 0 if n < SYMBOLS else int(random.integers(0, len(self.days)))
                made.append(self.buy(n % SYMBOLS, place, int(random.integers(1, 100))))
            await activities.post_activities(context, made)

    def buy(self, row: int, place: int, quantity: int) -> NewActivity:
        known = self.rows[row]
        return self._activity(
            ActivityKind.BUY,
            place,
            instrument=InstrumentRef(
                instrument_id=known.id,
                code=known.ticker or "",
                exponent=known.quantity_exponent,
            ),
            quantity=Decimal(quantity),
            unit_price=Decimal(100),
        )

    def _activity(self, kind: ActivityKind, place: int, **fields: object) -> NewActivity:
        at = datetime.combine(self.days[place], datetime.min.time(), tzinfo=UTC)
        return NewActivity(
            account_id=self.account_id,
            kind=kind,
            effective_at=at,
            **fields,  # type: ignore[arg-type]
        )

    async def measured(self) -> None:
        async with self.harness.context(read_only=True) as context:
            found = await view(context)
            end = number_of(self.days[-1])
            for name in MEASURES:
                compute(found, FigureId(name, WORKSPACE, found.axis.first, end, "USD"))

    async def full(self) -> None:
        self.harness.cache.drop(KEY, self.harness.workspace_id)
        await self.measured()

    async def summarised(self) -> None:
        async with self.harness.context(read_only=True) as context:
            await summary(context, SummaryRequest(as_of=self.days[-1]))

    async def trade(self, quantity: int) -> None:
        async with self.harness.context() as context:
            await activities.post_activities(context, [self.buy(7, 30, quantity)])

    async def new_day(self, place: int) -> None:
        on = self.days[-1] + timedelta(days=1 + place)
        points = tuple(
            RecordedPrice(instrument=str(row.id), day=on, close=Decimal(100 + place))
            for row in self.rows
        )
        async with self.harness.context() as context:
            await prices.record_prices(context, RecordPrices(prices=points))
        self.days.append(on)


async def _timed(run: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await run()
    return time.perf_counter() - started


async def _measure(servers: RunningServers, home: Path) -> list[Row]:
    made = await servers.shared.create_database("bench_portfolio")
    await migrate(made.owner_url, urlsplit(made.application_url).username or "")
    database = Database(made.application_url)
    harness = Harness(database, FixedClock(datetime(2024, 1, 15, tzinfo=UTC)), home)
    await harness.create_workspace()
    content, _ = _bars()
    await _load(harness, content)
    calendar = np.busday_offset("2014-01-02", np.arange(DAYS), roll="forward")
    bench = Bench(harness, [each.item() for each in calendar])
    await bench.post()
    book = make_book()
    by_day = np.ascontiguousarray(book.prices.T)
    reference = seconds(lambda: dense_reference(book, by_day))
    full = statistics.median([await _timed(bench.full) for _ in range(ROUNDS)])
    warm = statistics.median([await _timed(bench.measured) for _ in range(ROUNDS)])
    traded = []
    for n in range(ROUNDS):
        await bench.trade(n + 1)
        traded.append(await _timed(bench.measured))
    after_trade = statistics.median(traded)
    await bench.summarised()
    await bench.trade(9)
    summary_after_trade = await _timed(bench.summarised)
    summarised = [await _timed(bench.summarised) for _ in range(WARM_CALLS)]
    appended = []
    for n in range(3):
        await bench.new_day(n)
        appended.append(await _timed(bench.measured))
    await database.close()
    p95 = statistics.quantiles(summarised, n=20)[-1]
    one_day = statistics.median(appended)
    return [
        Row("1,000 x 10 years through the store / dense numpy", full / reference, 20, f"{full:.2f} s"),
        Row("after one back-dated trade, reading included / full", after_trade / full, 0.01, f"{after_trade * 1000:.1f} ms"),
        Row("nothing changed, measures again / full", warm / full, 0.01, f"{warm * 1000:.1f} ms"),
        Row("a new day of 1,000 prices, reading included / full", one_day / full, 0.001, f"{one_day * 1000:.0f} ms"),
        Row("summary warm, p50 seconds", statistics.median(summarised), 0.05),
        Row("summary warm, p95 seconds", p95, 0.1),
        Row("summary after a trade, seconds", summary_after_trade, 1),
    ]  # fmt: skip


def run() -> list[Row]:
    """Measure on servers of its own."""
    catalogue.load()
    servers = RunningServers()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(_measure(servers, Path(folder)))
    finally:
        servers.stop()


if __name__ == "__main__":
    show(run())
