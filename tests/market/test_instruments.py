"""Instruments found by any identifier on any day."""

import asyncio
import datetime as dt
import uuid
from typing import Any

import pytest

from bursar.core.errors import InvalidInput
from bursar.market.calc.matching import Scheme
from bursar.market.errors import AmbiguousInstrument, InstrumentExists, UnknownInstrument
from bursar.market.models.instruments import (
    ChangeInstrument,
    CreateInstrument,
    GetInstrument,
    InstrumentKind,
    ListInstruments,
    RenameInstrument,
)
from bursar.market.operations import instruments
from bursar.market.operations.instruments import Lookup
from bursar.runtime.database import Database
from tests.harness import Harness


def stock(ticker: str | None = None, **fields: Any) -> CreateInstrument:
    values = {"kind": InstrumentKind.STOCK, "name": ticker or "Some", "currency": "USD"}
    return CreateInstrument(**{**values, "ticker": ticker, **fields})


async def test_a_rename_keeps_the_old_name_for_earlier_days(harness: Harness) -> None:
    day = dt.date(2022, 6, 9)
    async with harness.context() as context:
        old = await instruments.create_instrument(context, stock("FB", isin="US30303M1027"))
        new = await instruments.rename_instrument(
            context,
            RenameInstrument(
                instrument="FB", value="meta", effective_on=day, name="Meta Platforms"
            ),
        )
        assert (new.id, new.ticker, new.name) == (old.id, "META", "Meta Platforms")
        before = await instruments.get_instrument(
            context, GetInstrument(instrument="FB", as_of=dt.date(2022, 6, 8))
        )
        assert before.id == old.id
        with pytest.raises(UnknownInstrument):
            await instruments.find(context, "FB", as_of=day)
        assert (await instruments.find(context, "META", as_of=day)).id == old.id
        with pytest.raises(UnknownInstrument, match="FB was in use until 2022-06-09"):
            await instruments.get_instrument(context, GetInstrument(instrument="FB"))
        with pytest.raises(UnknownInstrument):
            await instruments.find(context, "META", as_of=dt.date(2022, 6, 8))
        with pytest.raises(InvalidInput, match="already changed on 2022-06-09"):
            await instruments.rename_instrument(
                context, RenameInstrument(instrument="META", value="X", effective_on=day)
            )
        # the ticker is free for another company now
        other = await instruments.create_instrument(context, stock("FB", name="Another"))
        assert (await instruments.find(context, "FB")).id == other.id


async def test_a_telling_identifier_beats_a_ticker_and_a_reused_ticker_captures_nothing(
    harness: Harness,
) -> None:
    async with harness.context() as context:
        apple = await instruments.create_instrument(
            context, stock("AAPL", isin="US0378331005", cusip="037833100")
        )
        by_cusip = await instruments.resolve(context, {Scheme.CUSIP: "037833100"})
        mixed = await instruments.resolve(
            context, {Scheme.CUSIP: "037833100", Scheme.TICKER: "OLD"}
        )
        assert by_cusip.id == mixed.id == apple.id
        lookup = Lookup(
            {Scheme.TICKER: "AAPL", Scheme.CUSIP: "999999999"}, currency="USD", name="Impostor"
        )
        made, again = await instruments.resolve_many(
            context, [lookup, lookup], create_if_missing=True
        )
        assert made.id == again.id != apple.id
        with pytest.raises(AmbiguousInstrument):
            await instruments.find(context, "AAPL")
        assert (await instruments.find(context, "isin:us0378331005")).id == apple.id
        with pytest.raises(InstrumentExists):
            await instruments.create_instrument(context, stock("AAPL2", isin="US0378331005"))


async def test_a_ticker_and_an_isin_of_one_file_make_one_instrument(harness: Harness) -> None:
    plain = Lookup({Scheme.TICKER: "MSFT"}, currency="USD")
    told = Lookup({Scheme.TICKER: "MSFT", Scheme.ISIN: "US5949181045"}, currency="USD")
    elsewhere = Lookup({Scheme.TICKER: "MSFT"}, currency="EUR")
    async with harness.context() as context:
        made = await instruments.resolve_many(
            context, [plain, told, elsewhere], create_if_missing=True
        )
        assert made[0].id == made[1].id != made[2].id
        again = await instruments.resolve_many(context, [plain, told, elsewhere])
        assert [row.id for row in again] == [row.id for row in made]


async def test_the_currency_tells_listings_apart(harness: Harness) -> None:
    async with harness.context() as context:
        rows = {
            currency: await instruments.create_instrument(
                context, stock("VWCE", currency=currency, isin="IE00BK5BQT80")
            )
            for currency in ("EUR", "USD")
        }
        found = await instruments.resolve(context, {Scheme.ISIN: "IE00BK5BQT80"}, currency="EUR")
    assert found.id == rows["EUR"].id
    assert (rows["EUR"].calendar, rows["USD"].calendar) == ("24/5", "XNYS")


async def test_many_are_resolved_with_a_fixed_number_of_queries(harness: Harness) -> None:
    lookups = [Lookup({Scheme.TICKER: f"T{n}"}, currency="USD") for n in range(500)]
    async with harness.context() as context:
        made = await instruments.resolve_many(context, lookups, create_if_missing=True)
        known = await instruments.resolve_many(context, lookups)
        assert [row.id for row in made] == [row.id for row in known]
        page = await instruments.list_instruments(context, ListInstruments(search="t49", limit=5))
        rest = await instruments.list_instruments(
            context, ListInstruments(search="t49", limit=50, cursor=page.next_cursor)
        )
        assert (len(page.items), len(rest.items)) == (5, 6)
        listed = {row.ticker for row in (*page.items, *rest.items)}
        assert listed == {"T49", *(f"T49{n}" for n in range(10))}
        assert rest.next_cursor is None
        with pytest.raises(InvalidInput, match="without a currency"):
            await instruments.resolve_many(
                context, [Lookup({Scheme.TICKER: "NEW"})], create_if_missing=True
            )
        with pytest.raises(UnknownInstrument):
            await instruments.resolve_many(context, [Lookup({Scheme.TICKER: "NEW"})])


async def test_two_files_at_once_create_an_instrument_once(harness: Harness) -> None:
    async def load() -> uuid.UUID:
        async with harness.context() as context:
            lookup = Lookup({Scheme.TICKER: "RACE"}, currency="USD")
            (row,) = await instruments.resolve_many(context, [lookup], create_if_missing=True)
            await asyncio.sleep(0.02)
            return row.id

    assert len(set(await asyncio.gather(*(load() for _ in range(4))))) == 1


async def test_changes_keep_what_is_left_out(harness: Harness) -> None:
    async with harness.context() as context:
        await instruments.create_instrument(context, stock("ACME", classification={"sector": "A"}))
        changed = await instruments.change_instrument(
            context, ChangeInstrument(instrument="ACME", active=False)
        )
        assert (changed.active, changed.classification) == (False, {"sector": "A"})
        with pytest.raises(InvalidInput, match="no known exchange calendar"):
            await instruments.change_instrument(
                context, ChangeInstrument(instrument="ACME", calendar="NOWHERE")
            )


@pytest.mark.requirement("DB.05")
async def test_another_workspace_sees_nothing(harness: Harness, database: Database) -> None:
    async with harness.context() as context:
        row = await instruments.create_instrument(context, stock("MINE"))
    stranger = Harness(database, harness.clock, harness.home)
    await stranger.create_workspace()
    async with stranger.context() as context:
        for reference in ("MINE", str(row.id)):
            with pytest.raises(UnknownInstrument):
                await instruments.find(context, reference)
