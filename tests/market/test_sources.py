"""Price sources against a local server that speaks their form; cases as numbered in scorecards."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bursar.market import effects
from bursar.market.models.actions import ActionKind
from bursar.market.models.instruments import CreateInstrument, Identifier, InstrumentKind
from bursar.market.models.prices import GetPrice, RecordPrices, RefreshPrices
from bursar.market.operations import actions, instruments, prices, refresh
from bursar.providers import retry
from bursar.providers.alphavantage.provider import AlphaVantagePrices
from bursar.providers.errors import Down, NeedsLogin, ProviderError, Rejected, Throttled
from bursar.providers.files.provider import FilePrices
from bursar.providers.yahoo import map as yahoo_map
from bursar.providers.yahoo.provider import YahooPrices
from bursar.runtime.context import NetworkInTransactionError
from bursar.settings import Settings
from tests.harness import Harness
from tests.market import source_server
from tests.market.data import real_file
from tests.market.source_server import Answer, serve

FIRST, LAST = dt.date(2020, 8, 1), dt.date(2020, 8, 31)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(retry, "FIRST_DELAY_SECONDS", 0.001)
    return


def settings(harness: Harness, **changes: Any) -> Settings:
    return harness.settings.model_copy(
        update={"alphavantage_api_key": SecretStr("SECRET"), **changes}
    )


def yahoo(harness: Harness, base_url: str) -> YahooPrices:
    return YahooPrices(settings(harness, yfinance_base_url=base_url), harness.clock)


def alpha(harness: Harness, base_url: str, key: str = "SECRET") -> AlphaVantagePrices:
    changed = settings(harness, alphavantage_base_url=base_url, alphavantage_api_key=SecretStr(key))
    return AlphaVantagePrices(changed, harness.clock)


@pytest.mark.requirement("DATA.01")
async def test_prc_001_yahoo_history_is_exact_with_splits_and_dividends_as_paid(
    harness: Harness,
) -> None:
    with serve(lambda _path, _query: (200, source_server.chart())) as server:
        found = await yahoo(harness, server.base_url).history("AAPL", FIRST, LAST)
    assert [(str(bar.day), bar.close) for bar in found.bars] == [
        ("2020-08-06", Decimal("113.9025")),
        ("2020-08-07", Decimal("111.1125")),
        ("2020-08-28", Decimal("124.8075")),
        ("2020-08-31", Decimal("129.04")),
    ]
    assert (found.basis, found.currency) == ("split_adjusted", "USD")
    assert [(s.ex_date, s.numerator, s.denominator) for s in found.splits] == [(LAST, 4, 1)]
    assert [(str(d.ex_date), d.amount) for d in found.dividends] == [
        ("2020-08-07", Decimal("0.82"))
    ]
    assert {path for path, _ in server.asked} == {"/v8/finance/chart/AAPL"}


@pytest.mark.requirement("DATA.01")
async def test_prc_001_alphavantage_history_is_exact_and_raw(harness: Harness) -> None:
    with serve(lambda _path, _query: (200, source_server.DAILY)) as server:
        source = alpha(harness, server.base_url)
        found = await source.history("IBM", dt.date(2026, 1, 14), dt.date(2026, 1, 15))
    assert [bar.close for bar in found.bars] == [Decimal("232.4100")]
    assert (found.bars[0].open, found.basis) == (Decimal("230.1000"), "raw")
    query = server.asked[0][1]
    assert query["function"] == "TIME_SERIES_DAILY"
    assert (query["outputsize"], query["apikey"]) == ("compact", "SECRET")


async def test_prc_002_quotes_name_price_and_time(harness: Harness) -> None:
    with serve(lambda _path, _query: (200, source_server.chart())) as server:
        quote = await yahoo(harness, server.base_url).quote("AAPL")
    assert (quote.price, quote.currency) == (Decimal("129.04"), "USD")
    assert quote.at == dt.datetime(2020, 8, 31, 20, 0, 2, tzinfo=dt.UTC)
    with serve(lambda _path, _query: (200, source_server.QUOTE)) as server:
        plain = await alpha(harness, server.base_url).quote("IBM")
    assert (plain.price, plain.day, plain.at) == (Decimal("232.4100"), dt.date(2026, 1, 14), None)


@pytest.mark.parametrize(
    ("answer", "error", "tries"),
    [
        ((200, source_server.BAD_SYMBOL), Rejected, 1),
        ((200, {}), Rejected, 1),
        ((200, {"Error Message": "bad query apikey=SECRET&symbol=NOPE"}), Rejected, 1),
        ((200, source_server.LIMIT_MINUTE), Throttled, 1),
        ((200, source_server.LIMIT_DAY), Throttled, 1),
        ((429, ""), Throttled, 1),
        ((200, source_server.DEMO), NeedsLogin, 1),
        ((403, ""), NeedsLogin, 1),
        ((500, "oops"), Down, 3),
        ((200, "<html>"), Down, 3),
        ((404, ""), Rejected, 1),
    ],
)
async def test_prc_003_to_006_alphavantage_failures_are_told_apart(
    harness: Harness, answer: Answer, error: type[ProviderError], tries: int
) -> None:
    with serve(lambda _path, _query: answer) as server, pytest.raises(error) as raised:
        await alpha(harness, server.base_url).history("NOPE", FIRST, LAST)
    assert len(server.asked) == tries
    assert "SECRET" not in str(raised.value.as_json())
    if error is Throttled:
        assert raised.value.retry_after_seconds in {60, 24 * 3600}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((404, source_server.NOT_FOUND), Rejected),
        ((429, "Too Many Requests"), Throttled),
        ((502, "<html>bad gateway</html>"), Down),
        ((200, {"chart": {"result": [{"meta": {"currency": "USD"}}], "error": None}}), Down),
    ],
)
async def test_prc_003_to_005_yahoo_failures_are_told_apart(
    harness: Harness, answer: Answer, error: type[ProviderError]
) -> None:
    with serve(lambda _path, _query: answer) as server, pytest.raises(error):
        await yahoo(harness, server.base_url).history("NOPE", FIRST, LAST)


async def test_prc_005_a_dead_address_is_down_and_a_short_failure_is_bridged(
    harness: Harness,
) -> None:
    with serve(lambda _path, _query: (200, source_server.QUOTE)) as server:
        dead = server.base_url
    with pytest.raises(Down):
        await alpha(harness, dead).quote("IBM")
    with pytest.raises(Down):
        await yahoo(harness, dead).quote("IBM")
    answers = [(500, ""), (500, ""), (200, source_server.QUOTE)]
    with serve(lambda _path, _query: answers.pop(0)) as server:
        assert (await alpha(harness, server.base_url).quote("IBM")).price == Decimal("232.41")


async def test_prc_006_without_a_key_nothing_is_asked(harness: Harness) -> None:
    with (
        serve(lambda _path, _query: (200, source_server.QUOTE)) as server,
        pytest.raises(NeedsLogin),
    ):
        await alpha(harness, server.base_url, key="").quote("IBM")
    assert server.asked == []


async def test_prc_007_no_source_runs_inside_a_transaction(harness: Harness) -> None:
    sources = (
        alpha(harness, "http://127.0.0.1:9"),
        yahoo(harness, "http://127.0.0.1:9"),
        FilePrices(harness.home),
    )
    async with harness.context():
        for source in sources:
            with pytest.raises(NetworkInTransactionError):
                await source.quote("IBM")


async def test_files_are_a_source_too(harness: Harness) -> None:
    source = FilePrices(real_file("prices_daily/AAPL.csv").parent)
    found = await source.history("AAPL", dt.date(2020, 8, 28), LAST)
    assert [bar.close for bar in found.bars] == [Decimal("499.23"), Decimal("129.04")]
    for symbol in ("NOPE", "../corporate_actions/AAPL"):
        with pytest.raises(Rejected):
            await source.quote(symbol)
    (Path(harness.home) / "BAD.csv").write_text("date,close\n2020-01-01,x\n")
    with pytest.raises(Down, match="line 2"):
        await FilePrices(harness.home).quote("BAD")


def test_pence_become_pounds() -> None:
    found = yahoo_map.history(
        "VOD.L", [(FIRST, {"Close": 71.5, "Dividends": 4.5})], {"currency": "GBp"}
    )
    assert (found.currency, found.bars[0].close) == ("GBP", Decimal("0.715"))
    assert found.dividends[0].amount == Decimal("0.045")


@pytest.mark.requirement("DATA.01")
async def test_a_failing_source_passes_to_the_next_and_the_price_names_it(
    harness: Harness,
) -> None:
    async with harness.context() as context:
        row = await instruments.create_instrument(
            context,
            CreateInstrument(kind=InstrumentKind.STOCK, name="IBM", currency="USD", ticker="IBM"),
        )
        asked = await refresh.refresh_prices(
            context,
            RefreshPrices(sources=("yahoo", "alphavantage")),  # type: ignore[arg-type]
        )
        payload = context.effects[0].payload
    assert (asked.requested, asked.up_to_date) == (1, 0)

    def answer(path: str, _query: dict[str, str]) -> Answer:
        return (429, "") if path.startswith("/v8") else (200, source_server.DAILY)

    with serve(answer) as server:
        urls = {"yfinance_base_url": server.base_url, "alphavantage_base_url": server.base_url}
        changed = settings(harness, **urls)
        name, body = await effects.fetch_prices(changed, harness.clock, payload)
    assert name == "market.record_prices"
    async with harness.context() as context:
        written = await prices.record_prices(context, RecordPrices.model_validate(body))
        point = await prices.get_price(context, GetPrice(ticker="IBM"))
        again = await refresh.refresh_prices(context, RefreshPrices(instruments=(str(row.id),)))
    assert written.added == 2
    assert (point.price, point.source, str(point.day)) == (
        Decimal("232.4100"),
        "alphavantage",
        "2026-01-14",
    )
    assert again.requested == 1  # 15 January is still missing


async def test_yahoo_prices_arrive_with_their_splits_and_read_as_quoted(harness: Harness) -> None:
    async with harness.context() as context:
        row = await instruments.create_instrument(
            context,
            CreateInstrument(
                kind=InstrumentKind.STOCK,
                name="Apple",
                currency="USD",
                identifiers=(Identifier(scheme="provider", value="yahoo:AAPL"),),  # type: ignore[arg-type]
            ),
        )
        await refresh.refresh_prices(
            context, RefreshPrices(instruments=(str(row.id),), first_day=FIRST, last_day=LAST)
        )
        payload = context.effects[0].payload
    with serve(lambda _path, _query: (200, source_server.chart())) as server:
        changed = settings(harness, yfinance_base_url=server.base_url)
        _, body = await effects.fetch_prices(changed, harness.clock, payload)
    async with harness.context() as context:
        await prices.record_prices(context, RecordPrices.model_validate(body))
        reading = await prices.read_prices(context, [row.id], FIRST, LAST)
        known = await actions.actions_of(context, [row.id])
    assert reading.closes[:, 0].tolist() == pytest.approx([455.61, 444.45, 499.23, 129.04])
    assert [(a.kind, a.amount) for a in known] == [
        (ActionKind.DIVIDEND, Decimal("0.82")),
        (ActionKind.SPLIT, None),
    ]


async def test_another_currency_is_another_listing(harness: Harness) -> None:
    payload = {
        "instrument_id": "x",
        "currency": "EUR",
        "symbols": {"yahoo": "AAPL"},
        "first_day": str(FIRST),
        "last_day": str(LAST),
        "sources": ["yahoo"],
    }
    with serve(lambda _path, _query: (200, source_server.chart())) as server:
        changed = settings(harness, yfinance_base_url=server.base_url)
        with pytest.raises(Rejected, match="quoted in USD, the instrument in EUR"):
            await effects.fetch_prices(changed, harness.clock, payload)
