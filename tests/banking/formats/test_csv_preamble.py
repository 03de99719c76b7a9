"""The balance a bank writes above the columns is compared with the book, if it names its day."""

from datetime import date
from decimal import Decimal

import pytest

from bursar.banking.formats.csv_preamble import stated_balances
from bursar.banking.formats.csv_table import Line
from tests.banking import build
from tests.harness import Harness

pytestmark = pytest.mark.requirement("IMPORT.01")

GIRO = """"Kontonummer:";"DE02 1203 0000 0000 2020 51 / Girokonto"
"Von:";"01.04.2024"
"Bis:";"30.04.2024"
"Kontostand vom 30.04.2024:";"1.234,56 EUR"

"Buchungstag";"Auftraggeber / Begünstigter";"Verwendungszweck";"Betrag"
"29.04.2024";"Arbeitgeber";"Gehalt";"1.000,00"
"02.04.2024";"Vermieter";"Miete";"-700,44"
"""


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Kontostand vom 30.04.2024:", "1.234,56 EUR"], ("2024-04-30", "1234.56", "EUR")),
        (["Kontostand vom 30.04.2024:", "-1.234,56 €"], ("2024-04-30", "-1234.56", "EUR")),
        (["Neuer Kontostand", "12,50", "EUR", "vom 01.05.2024"], ("2024-05-01", "12.50", "EUR")),
        (["Saldo per 1.5.2024", "0,00"], ("2024-05-01", "0.00", None)),
        (["Kontostand:", "1.234,56 EUR"], None),
        (["Kontostand vom 30.04.2024:"], None),
        (["Kontostand vom 30.04.2024:", "unbekannt"], None),
        (["Alter Kontostand vom 01.04.2024:", "1,00 EUR"], None),
        (["Von:", "01.04.2024"], None),
    ],
)
def test_a_balance_counts_when_it_names_its_day(
    cells: list[str], expected: tuple[str, str, str | None] | None
) -> None:
    found = list(stated_balances([Line(4, cells)], "DMY", ","))
    if expected is None:
        assert found == []
        return
    (balance,) = found
    day, amount, currency = expected
    assert (balance.as_of, balance.amount) == (date.fromisoformat(day), Decimal(amount))
    assert (balance.currency, balance.line) == (currency, 4)


async def test_the_statement_ends_on_the_balance_above_its_columns(harness: Harness) -> None:
    result = await build.import_text(harness, GIRO, account="Giro")
    (account,) = result.accounts
    assert [str(check.stated) for check in account.balances] == ["1234.56"]
    assert result.differences == ()
    assert await build.held(harness) == {"Giro": {"EUR": Decimal("1234.56")}}
    wrong = GIRO.replace("1.234,56", "1.300,00")
    again = await build.import_text(harness, wrong, account="Giro")
    assert again.added == 0
    assert len(again.differences) == 1
