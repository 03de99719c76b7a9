"""Importing: once, whole or not at all, compared with what is stated, and undone."""

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import text

from bursar.banking.errors import AccountNotNamed, FileRefused, ImportUndone
from bursar.banking.models.imports import ImportReference, ListImports
from bursar.banking.operations import import_batches
from bursar.interfaces import catalogue
from bursar.ledger.errors import NotHeld
from tests.banking import build
from tests.banking.formats import samples
from tests.harness import Harness

pytestmark = pytest.mark.requirement("IMPORT.01")

OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><FI><ORG>Acme Bank</FI></SONRS>
</SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>1<ACCTID>4455667788<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST>
{rows}
</BANKTRANLIST>
{balance}
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def row(day: int, amount: str, number: str, month: int = 3) -> str:
    kind = "DEBIT" if amount.startswith("-") else "CREDIT"
    return (
        f"<STMTTRN><TRNTYPE>{kind}<DTPOSTED>2025{month:02}{day:02}<TRNAMT>{amount}"
        f"<FITID>{number}<NAME>Row {number}</STMTTRN>"
    )


def statement(rows: list[str], balance: str | None = None, day: int = 31, month: int = 3) -> str:
    said = f"<LEDGERBAL><BALAMT>{balance}<DTASOF>2025{month:02}{day:02}</LEDGERBAL>"
    return OFX.format(rows="\n".join(rows), balance=said if balance is not None else "")


async def counts(harness: Harness) -> dict[str, int]:
    """How many rows every table of the schema has."""
    catalogue.load()
    async with harness.context(read_only=True) as context:
        names = await context.session.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        )
        found = {}
        for name in names:
            if name == "alembic_version":
                continue
            found[name] = await context.session.scalar(text(f"SELECT count(*) FROM {name}"))
        return found


async def test_overlapping_statements_add_nothing_twice(harness: Harness) -> None:
    rows = [row(day, f"-{day}.00", f"n{day}") for day in range(1, 21)]
    await build.import_text(harness, statement(rows[:12], "1000.00", day=12))
    second = await build.import_text(harness, statement(rows[6:], "868.00", day=20))
    (account,) = second.accounts
    assert (account.added, account.duplicates, account.opened) == (8, 6, False)
    assert second.differences == ()
    assert account.openings == ()
    assert await build.held(harness) == {"Acme Bank checking 7788": {"USD": Decimal("868.00")}}


async def test_a_balance_that_does_not_agree_is_reported_and_not_forced(harness: Harness) -> None:
    await build.import_text(harness, statement([row(1, "100.00", "a")], "100.00", day=5))
    later = await build.import_text(harness, statement([row(9, "5.00", "c")], "125.00", day=10))
    (check,) = later.accounts[0].balances
    assert (check.stated, check.computed) == (Decimal("125.00"), Decimal("105.00"))
    assert check.difference == Decimal("-20.00")
    assert "difference -20.00" in later.differences[0]
    assert await build.held(harness) == {"Acme Bank checking 7788": {"USD": Decimal("105.00")}}


async def test_history_imported_backwards_keeps_the_stated_balances(harness: Harness) -> None:
    march = statement([row(3, "-10.00", "m1"), row(20, "-5.00", "m2")], "85.00")
    february = statement([row(4, "30.00", "f1", 2), row(9, "-2.00", "f2", 2)], "100.00", 28, 2)
    first = await build.import_text(harness, march)
    assert [opening.amount for opening in first.accounts[0].openings] == [Decimal("100.00")]
    second = await build.import_text(harness, february)
    assert second.differences == ()
    assert [opening.amount for opening in second.accounts[0].openings] == [Decimal("72.00")]
    assert (await build.import_text(harness, march)).differences == ()
    again = await build.import_text(harness, february)
    assert (again.added, again.differences) == (0, ())
    assert await build.held(harness) == {"Acme Bank checking 7788": {"USD": Decimal("85.00")}}


async def test_a_bad_row_refuses_the_whole_file_with_its_line(harness: Harness) -> None:
    rows = [row(1, "100.00", "a"), row(2, "abc", "b"), row(3, "-1.00", "c"), row(44, "2.00", "d")]
    with pytest.raises(FileRefused) as refusal:
        await build.import_text(harness, statement(rows))
    details = refusal.value.details or {}
    assert details["count"] == 2
    lines = [problem["line"] for problem in details["problems"]]
    assert lines == [10, 12]
    assert details["problems"][0]["field"] == "TRNAMT"
    assert await build.accounts(harness) == []
    partial = await build.import_text(harness, statement(rows), partial=True)
    assert (partial.added, partial.refused) == (2, 2)
    assert await build.held(harness) == {"Acme Bank checking 7788": {"USD": Decimal("99.00")}}


async def test_a_dry_run_shows_everything_and_leaves_nothing(harness: Harness) -> None:
    before = await counts(harness)
    content = statement([row(1, "100.00", "a")], "150.00")
    shown = await build.import_text(harness, content, dry_run=True)
    assert (shown.added, shown.accounts[0].opened) == (1, True)
    assert shown.accounts[0].openings[0].amount == Decimal("50.00")
    assert await counts(harness) == before
    real = await build.import_text(harness, content)
    assert real.model_dump(exclude={"import_id", "accounts"}) == shown.model_dump(
        exclude={"import_id", "accounts"}
    )


async def test_two_imports_at_once_add_everything_once(harness: Harness) -> None:
    content = statement([row(day, "1.00", f"n{day}") for day in range(1, 29)], "28.00")
    results = await asyncio.gather(*(build.import_text(harness, content) for _ in range(3)))
    assert sorted((r.added, r.duplicates) for r in results) == [(0, 28), (0, 28), (28, 0)]
    assert await build.held(harness) == {"Acme Bank checking 7788": {"USD": Decimal("28.00")}}


async def test_undo_and_import_again(harness: Harness) -> None:
    content = statement([row(1, "100.00", "a"), row(2, "-30.00", "b")], "90.00")
    first = await build.import_text(harness, content)
    async with harness.context() as context:
        undone = await import_batches.undo_import(
            context, ImportReference(import_id=first.import_id)
        )
    assert undone.reversed == 3  # two rows and the opening balance
    assert await build.held(harness) == {"Acme Bank checking 7788": {}}
    with pytest.raises(ImportUndone):
        async with harness.context() as context:
            await import_batches.undo_import(context, ImportReference(import_id=first.import_id))
    again = await build.import_text(harness, content)
    assert (again.added, again.duplicates, again.differences) == (2, 0, ())
    assert await build.held(harness) == {"Acme Bank checking 7788": {"USD": Decimal("90.00")}}
    async with harness.context(read_only=True) as context:
        page = await import_batches.list_imports(context, ListImports(limit=1))
        assert [item.import_id for item in page.items] == [again.import_id]
        rest = await import_batches.list_imports(
            context, ListImports(limit=1, cursor=page.next_cursor)
        )
    assert rest.items[0].undone_at == harness.clock.now()
    assert rest.next_cursor is None


async def test_undo_is_refused_while_what_came_in_was_passed_on(harness: Harness) -> None:
    buys = b"\n".join([line for line in samples.SCHWAB.splitlines() if b"Sell" not in line])
    first = await build.import_bytes(harness, buys)
    later = b"\n".join(
        [
            *buys.splitlines()[:2],
            (b'"02/01/2024","Sell","F","FORD MOTOR CO","10","$15.00","","$150.00",'),
        ]
    )
    await build.import_bytes(harness, later)
    with pytest.raises(NotHeld):
        async with harness.context() as context:
            await import_batches.undo_import(context, ImportReference(import_id=first.import_id))


PRESETS = {
    "schwab.csv": {"F": "10", "SWPPX": "0.5", "TSLA": "5", "NVDA": "90"},
    "fidelity.csv": {"FCNTX": "244.382", "SPAXX": "21.45", "USD": "-1195.05"},
    "ibkr_activity.csv": {"VTI": "40", "USD": "1049.40", "CHF": "4098.20"},
    "ibkr_flex.csv": {"AAPL": "6", "EUR": "499.00"},
    "kraken_ledgers.csv": {"BTC": "0.000489", "DOT": "0.5", "EUR": "849.57", "USD": "54.00"},
    "kraken_trades.csv": {"BTC": "0.002999", "EUR": "-100.18"},
    "quicken.qif": {"ACME": "187", "USD": "1341.00"},
    "flex.xml": {"AAPL": "40", "EUR": "-102.00"},
    "camt.xml": {"EUR": "96.50"},
}


@pytest.mark.parametrize("name", PRESETS)
async def test_presets_go_in_once(harness: Harness, name: str) -> None:
    data = samples.ALL[name]
    data = data if isinstance(data, bytes) else data.encode()
    first = await build.import_bytes(harness, data, name)
    assert first.refused == 0
    held: dict[str, Decimal] = {}
    for account in (await build.held(harness)).values():
        for code, amount in account.items():
            held[code] = held.get(code, Decimal(0)) + amount
    wanted = {code: Decimal(amount) for code, amount in PRESETS[name].items()}
    assert {code: held.get(code) for code in wanted} == wanted
    again = await build.import_bytes(harness, data, name)
    assert (again.added, again.duplicates) == (0, first.added)
    assert again.differences == ()


async def test_a_file_that_names_no_account_needs_one(harness: Harness) -> None:
    content = "date,amount,payee\n2025-01-02,10.00,Shop\n2025-01-03,-4.00,Cafe\n"
    with pytest.raises(AccountNotNamed):
        await build.import_text(harness, content)
    first = await build.import_text(harness, content, account="Pocket")
    assert (first.accounts[0].opened, first.added) == (True, 2)
    again = await build.import_text(harness, content, account="pocket")
    assert (again.accounts[0].opened, again.duplicates) == (False, 2)
    with pytest.raises(Exception, match="did you mean 'Pocket'"):
        await build.import_text(harness, content, account="Pockets")
