"""Transfers between own accounts, statements, and exports that know no payments."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.banking.models.exports import ExportBook, ExportFormat
from bursar.banking.models.transactions import SearchTransactions
from bursar.banking.operations.exports import export
from bursar.banking.operations.transaction_search import search_transactions
from bursar.core.errors import BursarError
from bursar.ledger.models.statements import StatementPeriod, StatementQuery
from bursar.ledger.operations.statements import export_account_statement, get_account_statement
from tests.payments.build import Door
from tests.payments.test_payments import refused

D = Decimal


@pytest.mark.requirement("LEDGER.01")
async def test_a_transfer_moves_one_currency_and_is_reversed(door: Door) -> None:
    checking, savings = await door.account("Checking", "100"), await door.account("Savings")
    body = {"from_account": "Checking", "to_account": "Savings", "amount": "40"}
    moved = await door.call("create_transfer", description="Rainy day", **body)
    assert (moved["to_amount"], moved["to_currency"]) == ("40.00", "USD")
    assert (await door.held(checking))[0] == D(60)
    assert await door.call("get_transfer", key=None, transfer_id=moved["id"]) == moved
    back = await door.call("reverse_transfer", transfer_id=moved["id"], reason="Wrong account")
    assert back["reversed_by_id"] is not None
    assert (await door.held(savings))[0] == D(0)
    again = await refused(door, "reverse_transfer", transfer_id=moved["id"], reason="Again")
    assert again.code == "already_reversed"
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.01")
async def test_a_transfer_between_currencies_takes_a_rate_or_what_arrived(door: Door) -> None:
    await door.account("Dollars", "100")
    yen = await door.account("Yen", currency="JPY")
    body = {"from_account": "Dollars", "to_account": "Yen", "amount": "10", "to_currency": "JPY"}
    by_rate = await door.call("create_transfer", rate="151.237", **body)
    assert by_rate["to_amount"] == "1512"
    stated = await door.call("create_transfer", to_amount="1500", **body)
    assert stated["to_amount"] == "1500"
    assert (await door.held(yen, "JPY"))[0] == D(3012)
    for more, code, name in (
        ({}, "invalid_input", "rate"),
        ({"to_amount": "0.5"}, "invalid_input", "to_amount"),
        ({"rate": "0.01"}, "invalid_input", "rate"),
        ({"rate": "1", "to_amount": "1"}, "invalid_input", None),
        ({"rate": "-1"}, "invalid_input", None),
        ({"to_currency": "EUR", "rate": "1"}, "wrong_currency", "to_currency"),
        ({"amount": "1000", "rate": "1"}, "insufficient_funds", "amount"),
        ({"to_account": "Dollars", "rate": "1"}, "same_account", "to_account"),
    ):
        error = await refused(door, "create_transfer", **(body | more))
        assert (error.code, error.field) == (code, name), (more, error.as_json())
    same = {"from_account": "Dollars", "to_account": "Dollars 2", "amount": "1", "rate": "2"}
    await door.account("Dollars 2")
    assert (await refused(door, "create_transfer", **same)).field == "rate"
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.01")
async def test_what_was_received_must_be_there_to_reverse_a_transfer(door: Door) -> None:
    await door.account("Checking", "100")
    await door.account("Savings")
    moved = await door.call(
        "create_transfer", from_account="Checking", to_account="Savings", amount="40"
    )
    await door.call("initiate_payment", payer_account="Savings", payee_name="Shop", amount="1")
    error = await refused(door, "reverse_transfer", transfer_id=moved["id"], reason="No")
    assert (error.code, error.details["available"]) == ("insufficient_funds", "39.00")
    paid = await door.call(
        "initiate_payment", payer_account="Checking", payee_account="Savings", amount="1"
    )
    unknown = await refused(door, "reverse_transfer", transfer_id=paid["id"], reason="No")
    assert unknown.code == "transfer_not_found"


@pytest.mark.requirement("LEDGER.01", "LEDGER.05")
async def test_pages_of_a_statement_add_up_whatever_was_paid(door: Door) -> None:
    payer = await door.account("Payer", "1000")
    await door.account("Shop", "1000")

    @settings(
        max_examples=1, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.lists(st.integers(1, 500), min_size=15, max_size=15))
    def amounts(cents: list[int]) -> None:
        drawn.extend(cents)

    drawn: list[int] = []
    amounts()
    for number, cents in enumerate(drawn):
        door.harness.clock.advance(dt.timedelta(hours=7))
        body = {"payer_account": "Payer", "payee_account": "Shop", "amount": str(D(cents) / 100)}
        if number % 3 == 0:
            body |= {"payer_account": "Shop", "payee_account": "Payer"}
        await door.call("initiate_payment", **body)
    expected = sum((D(c) if n % 3 == 0 else -D(c)) / 100 for n, c in enumerate(drawn))
    lines, cursor, opening = [], None, None
    while True:
        async with door.harness.context(read_only=True) as context:
            query = StatementQuery(
                account_id=payer.id, first_day=dt.date(2026, 1, 15), limit=4, cursor=cursor
            )
            page = await get_account_statement(context, query)
        opening = page.opening if opening is None else opening
        lines += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    running = opening
    for line in lines:
        running += line.amount
        assert line.balance == running
    assert (opening, page.closing, len(lines), page.lines) == (D(1000), 1000 + expected, 15, 15)
    assert page.money_in - page.money_out == expected
    async with door.harness.context(read_only=True) as context:
        whole = StatementPeriod(account_id=payer.id, first_day=dt.date(2026, 1, 15))
        exported = await export_account_statement(context, whole)
    rows = list(csv.DictReader(io.StringIO(exported.content)))
    assert [D(row["balance"]) for row in rows] == [line.balance for line in lines]


async def test_a_statement_carries_no_formula_and_refuses_wrong_days(door: Door) -> None:
    payer = await door.account("Payer", "10")
    await door.call(
        "initiate_payment", payer_account="Payer", payee_name="=HYPERLINK(1)", amount="1"
    )
    async with door.harness.context(read_only=True) as context:
        period = StatementPeriod(account_id=payer.id)
        exported = await export_account_statement(context, period)
        assert ",'=HYPERLINK(1)," in exported.content
        wrong = StatementQuery(
            account_id=payer.id, first_day=dt.date(2026, 2, 1), last_day=dt.date(2026, 1, 1)
        )
        with pytest.raises(BursarError, match="after last_day"):
            await get_account_statement(context, wrong)
        empty = StatementQuery(account_id=payer.id, currency="EUR")
        statement = await get_account_statement(context, empty)
        assert (statement.items, statement.closing) == ((), D(0))


@pytest.mark.requirement("LEDGER.01")
async def test_exports_and_running_balances_count_payments(door: Door) -> None:
    payer = await door.account("Payer", "100")
    shop = await door.account("Shop")
    paid = await door.call(
        "initiate_payment", payer_account="Payer", payee_account="Shop", amount="30"
    )
    await door.call("process_refund", payment_id=paid["id"], amount="10")
    held = await door.call(
        "initiate_payment", payer_account="Payer", payee_name="Hotel", amount="25",
        capture_method="manual",
    )  # fmt: skip
    await door.call("capture_payment", payment_id=held["id"], amount="5")
    wrong = await door.call("initiate_payment", payer_account="Payer", payee_name="X", amount="9")
    await door.call("reverse_payment", payment_id=wrong["id"], reason="Twice")
    async with door.harness.context(read_only=True) as context:
        exported = await export(context, ExportBook(format=ExportFormat.JSON))
        for name, account in (("Payer", payer), ("Shop", shop)):
            page = await search_transactions(context, SearchTransactions(account=name))
            held_now = (await door.held(account))[0]
            assert page.items[0].balance_after == held_now
            stated = await get_account_statement(
                context, StatementQuery(account_id=account.id, first_day=dt.date(2026, 1, 1))
            )
            after = {line.activity_id: line.balance for line in stated.items}
            moved = [row for row in page.items if row.id in after]
            assert len(moved) == (4 if name == "Payer" else 2)
            assert all(row.balance_after == after[row.id] for row in moved)
        for other in (ExportFormat.CSV, ExportFormat.BEANCOUNT):
            assert (await export(context, ExportBook(format=other))).rows == 4
    book = json.loads(exported.content)
    activities = book["activities"]
    assert [a["kind"] for a in activities] == [
        "deposit", "transfer_out", "transfer_in", "withdrawal",
    ]  # fmt: skip
    assert [a["amount"] for a in activities[1:]] == ["30.00", "10.00", "5.00"]
