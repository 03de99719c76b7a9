"""Transactions by hand: entered, found, undone, corrected; splits follow back-dated trades."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from bursar.banking.models.actions import ApplyCorporateActions, Outcome
from bursar.banking.models.transactions import (
    CategoriseTransaction,
    CorrectTransaction,
    RecordedTransaction,
    RecordTransaction,
    ReverseTransaction,
    SearchTransactions,
)
from bursar.banking.operations import corporate_actions, transaction_search, transactions
from bursar.core.errors import InvalidInput
from bursar.market.models.actions import RecordCorporateAction
from bursar.market.models.instruments import CreateInstrument, InstrumentKind
from bursar.market.operations.actions import record_corporate_action
from bursar.market.operations.instruments import create_instrument
from tests.banking import build
from tests.harness import Harness
from tests.ledger.build import open_account


async def stock(harness: Harness, ticker: str = "AAPL") -> None:
    async with harness.context() as context:
        await create_instrument(
            context,
            CreateInstrument(
                kind=InstrumentKind.STOCK, name=f"{ticker} Inc", currency="USD", ticker=ticker
            ),
        )


async def action(harness: Harness, kind: str, day: str, **fields: Any) -> None:
    async with harness.context() as context:
        await record_corporate_action(
            context,
            RecordCorporateAction.model_validate(
                {"instrument": "AAPL", "kind": kind, "ex_date": dt.date.fromisoformat(day)} | fields
            ),
        )


async def split(harness: Harness, day: str, new: int = 4, old: int = 1) -> None:
    await action(harness, "split", day, ratio_numerator=new, ratio_denominator=old)


async def record(harness: Harness, kind: str, at: str, **fields: Any) -> RecordedTransaction:
    body = {"account": "Broker", "kind": kind, "effective_at": at} | fields
    async with harness.context() as context:
        return await transactions.record_transaction(
            context, RecordTransaction.model_validate(body)
        )


async def buy(harness: Harness, at: str, quantity: str, price: str = "100") -> RecordedTransaction:
    return await record(harness, "buy", at, instrument="AAPL", quantity=quantity, unit_price=price)


async def units(harness: Harness, code: str = "AAPL", name: str = "Broker") -> Decimal:
    return (await build.held(harness))[name].get(code, Decimal(0))


@pytest.fixture
async def broker(harness: Harness) -> Harness:
    await open_account(harness, "Broker")
    await stock(harness)
    return harness


@pytest.mark.requirement("LEDGER.01", "DB.11")
async def test_a_buy_is_entered_found_and_undone(broker: Harness) -> None:
    done = await record(
        broker,
        "buy",
        "2025-03-03T15:30:00Z",
        instrument="aapl",
        quantity="10",
        unit_price="100.00",
        fees="1.50",
        memo="first shares",
        external_id="mine-1",
    )
    again = await record(
        broker,
        "buy",
        "2025-03-03",
        instrument="AAPL",
        quantity="1",
        amount="1",
        external_id="mine-1",
    )
    assert (again.duplicate, again.transaction_id) == (True, done.transaction_id)
    async with broker.context(read_only=True) as context:
        page = await transaction_search.search_transactions(
            context, SearchTransactions(text="FIRST", instrument="AAPL")
        )
    (row,) = page.items
    assert (row.account_name, row.ticker, row.instrument_name) == ("Broker", "AAPL", "AAPL Inc")
    assert row.cash_change == Decimal("-1001.50")
    assert '"cash_change":"-1001.50","balance_after":null' in row.model_dump_json()
    async with broker.context() as context:
        await transactions.reverse_transaction(
            context, ReverseTransaction(transaction_id=done.transaction_id)
        )
    assert await build.held(broker) == {"Broker": {}}


@pytest.mark.requirement("LEDGER.01")
async def test_every_fault_of_the_input_is_named(broker: Harness) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await record(broker, "buy", "2025-03-03", counter_amount="5")
    assert refusal.value.details == {
        "problems": [
            {"field": "instrument", "problem": "a buy needs instrument"},
            {"field": "quantity", "problem": "a buy needs quantity"},
            {"field": "unit_price", "problem": "a buy needs unit_price or amount"},
            {"field": "counter_amount", "problem": "a buy has no counter_amount"},
        ]
    }
    with pytest.raises(InvalidInput, match="did you mean 'Broker'"):
        await record(broker, "deposit", "2025-03-03", account="Brokker", amount="1")


@pytest.mark.requirement("LEDGER.01")
async def test_a_correction_replaces_both_or_neither(broker: Harness) -> None:
    wrong = await record(broker, "deposit", "2025-03-01", amount="100")
    body = {
        "transaction_id": wrong.transaction_id,
        "account": "Broker",
        "kind": "deposit",
        "effective_at": "2025-03-01",
    }
    with pytest.raises(InvalidInput):
        async with broker.context() as context:
            await transactions.correct_transaction(
                context, CorrectTransaction.model_validate(body | {"amount": "0.001"})
            )
    assert await units(broker, "USD") == Decimal(100)
    async with broker.context() as context:
        right = await transactions.correct_transaction(
            context, CorrectTransaction.model_validate(body | {"amount": "120"})
        )
    assert right.reversal_id is not None
    assert await units(broker, "USD") == Decimal(120)


@pytest.mark.requirement("DASH.02")
async def test_search_filters_pages_and_running_balance(broker: Harness) -> None:
    await open_account(broker, "Savings")
    for day in range(1, 8):
        await record(broker, "deposit", f"2025-03-{day:02}", amount=f"{day}", category="pay")
    await record(broker, "transfer_out", "2025-03-05", amount="4", counter_account="savings")
    async with broker.context() as context:
        first = await transaction_search.search_transactions(
            context, SearchTransactions(account="Broker", limit=3)
        )
        second = await transaction_search.search_transactions(
            context, SearchTransactions(account="Broker", limit=10, cursor=first.next_cursor)
        )
        rows = [*first.items, *second.items]
        assert [row.balance_after for row in rows] == [24, 17, 11, 15, 10, 6, 3, 1]
        await transactions.categorise_transaction(
            context, CategoriseTransaction(transaction_id=rows[0].id, category="Bonus")
        )
        for wanted, count in (
            ({"category": "bonus"}, 1),
            ({"category": "pay"}, 6),
            ({"kinds": ("transfer_out",)}, 1),
            ({"account": "Savings"}, 1),
            ({"first_day": "2025-03-05", "last_day": "2025-03-06"}, 3),
            ({"amount_min": "6", "amount_max": "7"}, 2),
        ):
            page = await transaction_search.search_transactions(
                context, SearchTransactions.model_validate(wanted)
            )
            assert len(page.items) == count, wanted


@pytest.mark.requirement("LEDGER.01", "DB.11")
async def test_a_split_counts_once_and_follows_a_back_dated_trade(broker: Harness) -> None:
    await buy(broker, "2020-01-02", "10")
    await split(broker, "2020-08-31")
    async with broker.context() as context:
        applied = await corporate_actions.apply_corporate_actions(context, ApplyCorporateActions())
    assert [item.outcome for item in applied.items] == [Outcome.POSTED]
    assert await units(broker) == 40
    await split(broker, "2020-08-31")  # recorded again: the same action
    async with broker.context() as context:
        applied = await corporate_actions.apply_corporate_actions(context, ApplyCorporateActions())
    assert (applied.items, applied.unchanged) == ((), 1)
    late = await buy(broker, "2020-03-02", "5")
    assert late.corporate_actions == ("split of AAPL on 2020-08-31 in Broker: corrected",)
    assert await units(broker) == 60
    after = await buy(broker, "2020-09-02", "1")
    assert after.corporate_actions == ()
    async with broker.context() as context:
        undone = await transactions.reverse_transaction(
            context, ReverseTransaction(transaction_id=late.transaction_id)
        )
    assert len(undone.corporate_actions) == 1
    assert await units(broker) == 41


@pytest.mark.requirement("LEDGER.01", "IMPORT.01")
async def test_a_split_that_a_statement_brought_is_not_posted_again(broker: Harness) -> None:
    await buy(broker, "2020-01-02", "10")
    await record(broker, "split", "2020-08-28", instrument="AAPL", quantity="29", ratio="4:1")
    await split(broker, "2020-08-31")
    async with broker.context() as context:
        applied = await corporate_actions.apply_corporate_actions(context, ApplyCorporateActions())
    (item,) = applied.items
    assert item.outcome is Outcome.IN_STATEMENT
    assert item.difference == "the statement moved 29 units, the ratio gives 30"
    assert await units(broker) == 39


@pytest.mark.requirement("LEDGER.01")
async def test_spin_off_merger_and_dividend(broker: Harness) -> None:
    await stock(broker, "SPUN")
    await stock(broker, "NEWCO")
    await buy(broker, "2020-01-02", "10")
    await action(
        broker,
        "spin_off",
        "2020-02-03",
        new_instrument="SPUN",
        ratio_numerator=1,
        ratio_denominator=4,
        cost_fraction="0.1",
    )
    await action(broker, "dividend", "2020-03-02", amount="0.82")
    await action(
        broker,
        "merger",
        "2020-04-01",
        new_instrument="NEWCO",
        ratio_numerator=3,
        ratio_denominator=2,
        amount="1.00",
    )
    async with broker.context() as context:
        applied = await corporate_actions.apply_corporate_actions(
            context, ApplyCorporateActions(with_dividends=True)
        )
    assert [(item.kind, item.outcome) for item in applied.items] == [
        ("spin_off", Outcome.POSTED),
        ("dividend", Outcome.POSTED),
        ("merger", Outcome.POSTED),
    ]
    assert (await build.held(broker))["Broker"] == {
        "USD": Decimal(-1000) + Decimal("8.20") + Decimal("10.00"),
        "SPUN": Decimal("2.5"),
        "NEWCO": Decimal(15),
    }


@pytest.mark.requirement("IMPORT.01")
async def test_an_import_carries_out_splits_between_its_rows(broker: Harness) -> None:
    await split(broker, "2020-08-31")
    content = (
        "date,type,symbol,quantity,price,amount\n"
        "2020-01-02,buy,AAPL,10,100,-1000\n"
        "2020-09-02,sell,AAPL,-30,30,900\n"
    )
    done = await build.import_text(broker, content, account="Broker")
    assert done.accounts[0].openings == ()
    assert done.accounts[0].corporate_actions == ("split of AAPL on 2020-08-31 in Broker: posted",)
    assert await units(broker) == 10
    again = await build.import_text(broker, content, account="Broker")
    assert (again.added, again.accounts[0].corporate_actions) == (0, ())
