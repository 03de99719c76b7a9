"""QIF: every field letter, every action, and dates that are decided over the whole file."""

from datetime import date
from decimal import Decimal

import pytest

from bursar.banking.formats.problems import FormatError
from bursar.banking.formats.sniff import read
from tests.banking.formats.samples import QIF

pytestmark = pytest.mark.requirement("IMPORT.01")


def bank(*dates: str) -> bytes:
    return b"!Type:Bank\n" + b"".join(b"D%s\nT-1\nPx\n^\n" % d.encode() for d in dates)


def invest(*lines: str) -> bytes:
    return ("!Type:Invst\nD2024-01-31\n" + "\n".join(lines) + "\n^\n").encode()


def test_the_sample():
    statement, problems = read(QIF)
    assert problems == ()
    checking, broker = statement.accounts
    assert (checking.stated_balance.amount, checking.stated_balance.as_of) == (
        Decimal("1234.50"), date(2004, 1, 25),
    )  # fmt: skip
    assert [(a.amount, a.category, a.counter_account, a.memo) for a in checking.activities] == [
        (Decimal(-1000), "Groceries", None, None),
        (Decimal(-20), "Food", None, "apples"),
        (Decimal(-10), None, "Savings", None),
    ]
    assert [(a.kind.value, a.quantity, a.amount) for a in broker.activities] == [
        ("buy", Decimal(100), Decimal("-1057.95")),
        ("transfer_in", None, Decimal("1057.95")),
        ("dividend", None, Decimal(10)),
        ("buy", Decimal(1), Decimal(-10)),
        ("split", None, None),
        ("delivery_out", Decimal(-5), None),
        ("fee", None, Decimal("-2.50")),
        ("sell", Decimal(-10), Decimal(109)),
    ]
    assert (broker.activities[4].ratio_new, broker.activities[4].ratio_old) == (
        Decimal(20),
        Decimal(10),
    )
    assert broker.securities[0].symbol == "ACME"


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("01/02/2024", "25/02/2024"), date(2024, 2, 1)),
        (("01/02/2024", "02/25/2024"), date(2024, 1, 2)),
        (("2024-02-01",), date(2024, 2, 1)),
        (("1/ 2'04", "1/25'04"), date(2004, 1, 2)),
        (("1.2.99", "25.2.99"), date(1999, 2, 1)),
        (("02/02/2024",), date(2024, 2, 2)),
    ],
)
def test_the_order_of_day_and_month_is_decided_over_the_file(dates, expected):
    assert read(bank(*dates))[0].accounts[0].activities[0].day == expected


def test_an_undecidable_order_is_asked_for_and_taken():
    data = bank("01/02/2024", "03/04/2024")
    with pytest.raises(FormatError, match="two ways") as caught:
        read(data)
    assert caught.value.field == "date_format"
    assert read(data, date_format="DMY")[0].accounts[0].activities[0].day == date(2024, 2, 1)
    assert read(data, date_format="MDY")[0].accounts[0].activities[0].day == date(2024, 1, 2)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("NDiv", "YA", "T5"), [("dividend", None, "5")]),
        (("NDivX", "YA", "T5", "L[Bank]"), [("dividend", None, "5"), ("transfer_out", None, "-5")]),
        (("NIntInc", "T5"), [("interest", None, "5")]),
        (("NCGLong", "YA", "T5"), [("capital_gain_distribution", None, "5")]),
        (("NRtrnCap", "YA", "T5"), [("return_of_capital", None, "5")]),
        (("NXIn", "T5", "L[Bank]"), [("transfer_in", None, "5")]),
        (("NXOut", "T5", "L[Bank]"), [("transfer_out", None, "-5")]),
        (("NContribX", "T5", "L[Bank]"), [("transfer_in", None, "5")]),
        (("NWithdrwX", "T5", "L[Bank]"), [("transfer_out", None, "-5")]),
        (("NShrsIn", "YA", "Q3", "I2"), [("delivery_in", "3", None)]),
        (("NBuy", "YA", "Q3", "I2", "O1"), [("buy", "3", "-7")]),
        (("NSell", "YA", "Q3", "I2", "O1"), [("sell", "-3", "5")]),
        (
            ("NSellX", "YA", "Q3", "T6", "L[Bank]"),
            [("sell", "-3", "6"), ("transfer_out", None, "-6")],
        ),
        (("NShtSell", "YA", "Q3", "T6"), [("sell", "-3", "6")]),
        (("NCvrShrt", "YA", "Q3", "T6"), [("buy", "3", "-6")]),
        (
            ("NReinvLg", "YA", "Q3", "T6"),
            [("capital_gain_distribution", None, "6"), ("buy", "3", "-6")],
        ),
        (("NMargInt", "T5"), [("interest", None, "-5")]),
        (("NCash", "T-5"), [("withdrawal", None, "-5")]),
    ],
)
def test_investment_actions(lines, expected):
    statement, problems = read(invest(*lines))
    assert problems == ()
    made = statement.accounts[0].activities
    assert [(a.kind.value, a.quantity, a.amount) for a in made] == [
        (kind, Decimal(q) if q else None, Decimal(t) if t else None) for kind, q, t in expected
    ]


def test_bad_records_are_named_by_line():
    data = b"!Type:Bank\nD2024-01-01\nTx\n^\nD2024-01-02\nT5\n^\nD2024-01-03\n^\n"
    statement, problems = read(data)
    assert len(statement.accounts[0].activities) == 1
    assert [p.line for p in problems] == [2, 8]
    statement, problems = read(invest("NFoo", "T5"))
    assert "Foo" in problems[0].message


def test_splits_that_do_not_add_up_keep_the_total():
    data = b"!Type:Bank\nD2024-01-01\nT-30\nSFood\n$-20\n^\n"
    statement, problems = read(data)
    assert sum(a.amount for a in statement.accounts[0].activities) == Decimal(-30)
    assert [p.code for p in problems] == ["split_difference"]


def test_european_numbers():
    data = b"!Type:Bank\nD2024-01-01\nT-1.234,56\n^\n"
    assert read(data)[0].accounts[0].activities[0].amount == Decimal("-1234.56")


def test_a_record_without_its_end_is_not_taken():
    _, problems = read(b"!Type:Bank\nD2024-01-01\nT5\n^\nD2024-01-02\nT-3")
    assert {p.code for p in problems} == {"cut_off"}
