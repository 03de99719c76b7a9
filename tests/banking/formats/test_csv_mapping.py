"""Unknown CSVs: the guess, its reasons, saved mappings, and what it refuses to guess."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bursar.banking.formats.csv_mapping import KindRule, Mapping, guess_mapping
from bursar.banking.formats.problems import FormatError
from bursar.banking.formats.sniff import read
from bursar.banking.formats.statement import ActivityKind
from tests.banking.formats import samples

pytestmark = pytest.mark.requirement("IMPORT.01")


def amounts(data: bytes, mapping: Mapping | None = None):
    statement, _ = read(data, mapping=mapping)
    return [(a.day, a.amount) for a in statement.accounts[0].activities]


def test_a_german_bank_is_guessed_and_says_so():
    statement, problems = read(samples.BANK)
    assert [p.code for p in problems] == ["guessed_mapping"]
    assert amounts(samples.BANK) == [
        (date(2024, 1, 13), Decimal("-3.50")),
        (date(2024, 1, 13), Decimal("-3.50")),
        (date(2024, 1, 2), Decimal("1234.56")),
    ]
    first = statement.accounts[0].activities[0]
    assert (first.payee, first.memo, first.currency) == ("Bäckerei; Süd", "Brot", "EUR")
    assert first.settles_on == date(2024, 1, 14)


def test_debit_and_credit_columns():
    data = b"Date,Description,Debit,Credit,Balance\n2024-01-02,Shop,12.50,,100\n2024-01-03,Pay,,99.00,199\n"
    assert amounts(data) == [
        (date(2024, 1, 2), Decimal("-12.50")),
        (date(2024, 1, 3), Decimal("99.00")),
    ]


def test_the_guess_says_why_and_does_not_trust_names_alone():
    guess = guess_mapping(
        ["Date", "Amount", "Value"], [["soon", "x", "1.00"], ["later", "y", "2.00"]]
    )
    assert guess.mapping is None
    assert any("not 'Date'" in reason for reason in guess.reasons)
    sure = guess_mapping(["Date", "Amount"], [["25/01/2024", "1.50"]])
    assert sure.mapping == Mapping(
        date="Date", amount="Amount", date_format="DMY", decimal_mark="."
    )
    assert sure.confidence > 0.9


def test_a_mapping_can_be_saved_and_read_again():
    guess = guess_mapping(["Date", "Amount"], [["25/01/2024", "1.50"]])
    assert Mapping.model_validate_json(guess.mapping.model_dump_json()) == guess.mapping


def test_undecided_dates_ask_for_the_format():
    data = b"Date,Amount\n01/02/2024,-1.50\n03/04/2024,2.00\n"
    with pytest.raises(FormatError, match="two ways") as caught:
        read(data)
    assert (caught.value.field, caught.value.problems[0].code) == ("date_format", "ambiguous_dates")
    mapping = Mapping(date="Date", amount="Amount", date_format="DMY")
    assert amounts(data, mapping)[0] == (date(2024, 2, 1), Decimal("-1.50"))


def test_undecided_numbers_ask_for_the_mark():
    data = b"Date;Amount\n2024-01-02;1,234\n"
    with pytest.raises(FormatError) as caught:
        read(data)
    assert caught.value.field == "decimal_mark"
    mapping = Mapping(date="Date", amount="Amount", decimal_mark=",")
    assert amounts(data, mapping) == [(date(2024, 1, 2), Decimal("1.234"))]


def test_inverted_card_amounts():
    data = b"Date,Amount,Description\n2024-01-31,12.50,Shop\n2024-01-30,-5.00,Refund\n"
    statement, _ = read(data, mapping=Mapping(date="Date", amount="Amount", sign="inverted"))
    rows = [(a.kind.value, a.amount) for a in statement.accounts[0].activities]
    assert rows == [("withdrawal", Decimal("-12.50")), ("deposit", Decimal("5.00"))]


def test_a_broker_by_mapping_with_kinds_of_its_own():
    data = (
        b"When,What,Ticker,Shares,Price,Fee,Total\n"
        b"2024-01-31 15:30,Acquire,ACME,10,5.00,1.00,51.00\n"
        b"2024-01-31 16:30,Sell,ACME,4,6.00,1.00,23.00\n"
        b"2024-01-31 17:30,Mystery,ACME,4,6.00,1.00,23.00\n"
    )
    mapping = Mapping(
        date="When", kind="What", symbol="Ticker", quantity="Shares", unit_price="Price",
        fees="Fee", amount="Total", sign="by_kind", time_zone="America/New_York",
        kinds=(KindRule(text="Acquire", kind=ActivityKind.BUY),), default_currency="USD",
        account_id="b1",
    )  # fmt: skip
    statement, problems = read(data, mapping=mapping)
    rows = statement.accounts[0].activities
    assert [(a.kind.value, a.quantity, a.amount, a.fees) for a in rows] == [
        ("buy", Decimal(10), Decimal("-51.00"), Decimal(1)),
        ("sell", Decimal(-4), Decimal("23.00"), Decimal(1)),
    ]
    assert rows[0].effective_at == datetime(2024, 1, 31, 20, 30, tzinfo=UTC)
    assert [(p.line, p.code) for p in problems] == [(4, "unknown_action")]


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(FormatError, match="Betrag"):
        read(b"Date,Amount\n2024-01-02,1\n", mapping=Mapping(date="Date", amount="Betrag"))


def test_bad_rows_are_named_by_line_and_column():
    data = (
        b"Date,Amount,Memo\n2024-01-02,1.00,a\nsoon,2.00,b\n2024-01-04,x,c\n2024-01-05,5.00,d,e\n"
    )
    statement, problems = read(data, mapping=Mapping(date="Date", amount="Amount"))
    assert len(statement.accounts[0].activities) == 1
    assert [(p.line, p.code, p.field) for p in problems] == [
        (5, "too_many_cells", None),
        (3, "bad_date", "date"),
        (4, "bad_number", "amount"),
    ]


def test_a_sale_on_a_card_statement_is_no_sale_of_securities():
    data = (
        b"Transaction Date,Post Date,Description,Category,Type,Amount,Memo\n"
        b"01/13/2024,01/14/2024,SHOP,Groceries,Sale,-12.50,\n"
        b"01/15/2024,01/15/2024,Payment Thank You,,Payment,100.00,\n"
    )
    statement, _ = read(data)
    rows = [(a.kind.value, a.amount, a.raw_type) for a in statement.accounts[0].activities]
    assert rows == [
        ("withdrawal", Decimal("-12.50"), "Sale"),
        ("deposit", Decimal("100.00"), "Payment"),
    ]


def test_unsigned_amounts_whose_kind_is_unknown_are_not_guessed():
    data = b"Date,Type,Amount\n2024-01-13,Debit,12.50\n2024-01-14,POS,3.00\n"
    statement, problems = read(data)
    rows = [(a.kind.value, a.amount) for a in statement.accounts[0].activities]
    assert rows == [("withdrawal", Decimal("-12.50"))]
    assert [(p.line, p.code) for p in problems] == [
        (2 - 1, "guessed_mapping"),
        (3, "unknown_action"),
    ]


def test_a_header_of_a_thousand_characters_is_no_column():
    guess = guess_mapping(["Date", "Amount", "Type " * 200], [["2024-01-25", "1.50", "x"]])
    assert guess.mapping is not None
    assert guess.mapping.kind is None


@pytest.mark.requirement("IMPORT.01")
@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("Betrag (EUR)", "-3,40", "EUR"),
        ("Betrag in EUR", "-3,40", "EUR"),
        ("Betrag", "-3,40 EUR", "EUR"),
        ("Amount (£)", "-3.40", "GBP"),
        ("Betrag", "-3,40", None),
    ],
)
def test_the_currency_beside_the_amounts_is_taken(header: str, cell: str, code: str | None) -> None:
    guess = guess_mapping(["Datum", header, "Text"], [["28.03.2024", cell, "Brot"]])
    assert guess.mapping is not None
    assert guess.mapping.default_currency == code


def test_a_bad_row_in_a_short_file_leaves_the_header_known() -> None:
    rows = [["2024-01-05", "12.5"], ["2024-13-05", "1"], ["2024-01-06", "abc"]]
    guess = guess_mapping(["Date", "Amount"], rows)
    assert guess.mapping is not None
    assert (guess.mapping.date, guess.mapping.amount) == ("Date", "Amount")
