"""What goes out comes back: the same balances and lots from JSON, the same balances from CSV.

The beancount text is read by a small parser of its own, which knows nothing of the writer.
"""

import json
import re
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from bursar.banking.models.exports import ExportBook, ExportedBook
from bursar.banking.models.transactions import CategoriseTransaction, ReverseTransaction
from bursar.banking.operations import exports, transactions
from bursar.ledger.models import AccountKind, CostMethod
from bursar.ledger.models.lots import LotsQuery
from bursar.ledger.operations.lots import list_lots
from tests.banking import build
from tests.banking.formats import samples
from tests.banking.test_transactions import record, stock, units
from tests.harness import Harness
from tests.ledger.build import open_account

pytestmark = pytest.mark.requirement("IMPORT.02")


async def another(harness: Harness) -> Harness:
    other = Harness(harness.database, harness.clock, home=harness.home)
    await other.create_workspace()
    return other


async def taken_out(harness: Harness, kind: str, **fields: Any) -> ExportedBook:
    async with harness.context(read_only=True) as context:
        return await exports.export(context, ExportBook.model_validate({"format": kind} | fields))


async def lots(harness: Harness) -> list[tuple[Any, ...]]:
    async with harness.context(read_only=True) as context:
        report = await list_lots(context, LotsQuery())
    names = {account.id: account.name for account in await build.accounts(harness)}
    return sorted(
        (names[lot.account_id], lot.code, lot.acquired_on, lot.remaining, lot.remaining_cost)
        for lot in report.items
    )


async def a_book(harness: Harness, method: CostMethod = CostMethod.FIFO) -> None:
    """Three accounts with everything that can happen."""
    await open_account(harness, "Broker", cost_method=method, external_id="B-1")
    await open_account(harness, "Other", cost_method=method)
    await open_account(harness, "Card", kind=AccountKind.CREDIT_CARD, currency="EUR")
    for ticker in ("AAPL", "MSFT", "SPUN", "NEWCO"):
        await stock(harness, ticker)
    await record(harness, "deposit", "2024-01-02", amount="10000", payee='=1+1 "quoted", \\ text')
    await record(
        harness, "opening_balance", "2024-01-01", instrument="MSFT", quantity="7", amount="700"
    )
    for month in range(1, 7):
        await record(
            harness,
            "buy",
            f"2024-0{month}-05",
            instrument="AAPL",
            quantity=str(5 + month),
            unit_price=str(50 + (month * 37) % 100),
            fees="1.25",
            taxes="0.10",
        )
    async with harness.context(read_only=True) as context:
        held = (await list_lots(context, LotsQuery())).items
    chosen = next(lot.lot_id for lot in held if lot.acquired_on.month == 4)
    await record(
        harness,
        "sell",
        "2024-06-20",
        instrument="AAPL",
        quantity="3.5",
        unit_price="99",
        fees="2",
        lots=({"lot_id": chosen, "quantity": "3.5"},),
    )
    await record(harness, "split", "2024-07-01", instrument="AAPL", ratio="4:1")
    await record(harness, "dividend", "2024-07-03", instrument="AAPL", amount="12.30", taxes="1.85")
    await record(harness, "interest", "2024-07-04", amount="0.50")
    await record(harness, "interest_charge", "2024-07-04", amount="3.10")
    await record(harness, "fee", "2024-07-05", amount="9.99", category="bank")
    await record(harness, "other_income", "2024-07-05", amount="5")
    await record(harness, "tax", "2024-07-06", amount="4.20")
    await record(
        harness, "transfer_out", "2024-07-07T10:00:00Z", amount="500", counter_account="Other"
    )
    await record(
        harness,
        "transfer_out",
        "2024-07-08",
        instrument="MSFT",
        quantity="2",
        counter_account="Other",
    )
    await record(
        harness,
        "fx_conversion",
        "2024-07-09",
        amount="110",
        counter_amount="100",
        counter_currency="EUR",
        fees="1",
    )
    await record(harness, "withdrawal", "2024-07-09", account="Card", amount="45.60", payee="Café")
    await record(
        harness,
        "spin_off",
        "2024-08-01",
        instrument="AAPL",
        counter_instrument="SPUN",
        counter_quantity="4",
        ratio="1:10",
        quantity=str(await units(harness)),
    )
    await record(
        harness,
        "merger",
        "2024-09-01",
        instrument="MSFT",
        quantity="5",
        counter_instrument="NEWCO",
        counter_quantity="10",
    )
    wrong = await record(harness, "deposit", "2024-09-02", amount="1")
    noted = await record(harness, "withdrawal", "2024-09-03", amount="20")
    async with harness.context() as context:
        await transactions.reverse_transaction(
            context, ReverseTransaction(transaction_id=wrong.transaction_id)
        )
        await transactions.categorise_transaction(
            context,
            CategoriseTransaction(
                transaction_id=noted.transaction_id,
                category="cash",
                note="for the fair",
                tags=("a",),
            ),
        )


@pytest.mark.parametrize("method", [CostMethod.SPECIFIC, CostMethod.HIFO])
async def test_json_gives_the_same_balances_and_lots(harness: Harness, method: CostMethod) -> None:
    await a_book(harness, method)
    out = await taken_out(harness, "json")
    other = await another(harness)
    done = await build.import_text(other, out.content)
    assert (done.added, done.duplicates) == (out.rows, 0)
    assert await build.held(other) == await build.held(harness)
    assert await lots(other) == await lots(harness)
    twice = await build.import_text(other, out.content)
    assert (twice.added, twice.duplicates) == (0, out.rows)
    back = await build.import_text(harness, out.content)
    assert (back.added, back.duplicates) == (0, out.rows)
    assert contents(await taken_out(other, "json")) == contents(out)


def contents(out: ExportedBook) -> list[dict[str, Any]]:
    """Activities without the ids, which are new in every book."""
    renewed = ("id", "account", "counter_account", "instrument", "counter_instrument")
    found = [
        {
            name: value
            for name, value in activity.items()
            if name not in (*renewed, "content_hash", "lots")
        }
        for activity in json.loads(out.content)["activities"]
    ]
    return sorted(found, key=str)


async def test_csv_gives_the_same_balances(harness: Harness) -> None:
    await a_book(harness, CostMethod.LIFO)
    out = await taken_out(harness, "csv")
    other = await another(harness)
    done = await build.import_text(other, out.content)
    assert done.refused == 0
    assert await build.held(other) == await build.held(harness)
    twice = await build.import_text(other, out.content)
    assert (twice.added, twice.duplicates) == (0, done.added)
    back = await build.import_text(harness, out.content)
    assert back.added == 0


def beancount_balances(text: str) -> dict[tuple[str, str], Decimal]:
    """Read beancount text: every transaction must weigh nothing; return what accounts hold."""
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    opened: set[str] = set()
    weights: dict[str, Decimal] = defaultdict(Decimal)
    posting = re.compile(
        r"^  ([A-Z][\w:-]+)  (-?[\d.]+) ([A-Z][A-Z0-9'._-]*)(?: @@ ([\d.]+) ([A-Z]+))?$"
    )
    for line in [*text.splitlines(), ""]:
        if match := re.match(r"^\d{4}-\d\d-\d\d open (\S+)$", line):
            opened.add(match[1])
        elif match := posting.match(line):
            account, number, commodity, total, currency = match.groups()
            assert account in opened
            held[account, commodity] += Decimal(number)
            sign = -1 if number.startswith("-") else 1
            weights[currency or commodity] += sign * Decimal(total) if total else Decimal(number)
        elif not line.startswith("  "):
            assert not any(weights.values()), (line, dict(weights))
            weights.clear()
    return held


async def test_beancount_weighs_nothing_and_holds_the_same(harness: Harness) -> None:
    await a_book(harness)
    out = await taken_out(harness, "beancount")
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for (account, commodity), amount in beancount_balances(out.content).items():
        if account.startswith(("Assets", "Liabilities")):
            totals[commodity] += amount
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for held in (await build.held(harness)).values():
        for code, amount in held.items():
            wanted[code] += amount
    assert {code: amount for code, amount in totals.items() if amount} == dict(wanted)


async def test_one_account_and_a_range_of_days(harness: Harness) -> None:
    await a_book(harness)
    other = await another(harness)
    out = await taken_out(harness, "json", account="Other")
    await build.import_text(other, out.content)
    assert await build.held(other) == {"Other": (await build.held(harness))["Other"]}
    june = await taken_out(harness, "csv", first_day="2024-06-01", last_day="2024-06-30")
    assert june.rows == 2


async def test_imported_statements_leave_and_come_back(harness: Harness) -> None:
    for name in (
        "fidelity.csv",
        "ibkr_activity.csv",
        "quicken.qif",
        "camt.xml",
        "kraken_ledgers.csv",
    ):
        data = samples.ALL[name]
        data = data if isinstance(data, bytes) else data.encode()
        await build.import_bytes(harness, data, name)
    for kind in ("json", "csv"):
        other = await another(harness)
        await build.import_text(other, (await taken_out(harness, kind)).content)
        assert await build.held(other) == await build.held(harness)
        assert await lots(other) == await lots(harness)
