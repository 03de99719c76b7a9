"""The twelve real OFX files: each one's outcome, read off the file by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bursar.banking.formats.problems import FormatError, Severity
from bursar.banking.formats.sniff import detect, read
from bursar.banking.formats.statement import AccountKind, ActivityKind, Format, activity_keys
from tests.banking.formats.samples import REAL, real_file

pytestmark = pytest.mark.requirement("IMPORT.01")

# file: (accounts, activities, sum of amounts, positions, first day, last day, ledger balances)
ACCEPTED = {
    "bank_medium.ofx": (1, 3, "-345.27", 0, "2009-04-01", "2009-04-03", ["382.34"]),
    "checking.ofx": (1, 3, "-59.50", 0, "2011-03-31", "2011-04-07", ["100.99"]),
    "fidelity.ofx": (1, 17, "-10526.67", 6, "2012-07-20", "2012-09-01", ["18073.98"]),
    "investment_medium.ofx": (1, 3, "-3.95", 0, "2009-12-15", "2009-12-15", ["1.00"]),
    "multiple_accounts.ofx": (2, 0, "0", 0, None, None, ["111", "222"]),
    "ofx-v102-empty-tags.ofx": (1, 1, "12.34", 0, "2018-05-07", "2018-05-07", []),
    "suncorp.ofx": (1, 1, "-16.85", 0, "2013-12-15", "2013-12-15", ["1234.12"]),
    "td_ameritrade.ofx": (1, 0, "0", 2, None, None, ["0"]),
    "vanguard.ofx": (1, 1, "4212.3", 2, "2011-07-15", "2011-07-15", []),
}
REFUSED = {
    "bank_small.ofx": ("empty_file", 11, "empty"),
    "error_message.ofx": ("bank_error", 22, "2000: General Server Error"),
    "signon_success.ofx": ("no_statement", 11, "Login successful"),
}


def test_every_real_file_has_an_outcome():
    assert sorted([*ACCEPTED, *REFUSED]) == sorted(REAL)


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name):
    data = real_file(name)
    assert detect(data, name) is Format.OFX
    statement, problems = read(data, name)
    accounts, count, total, positions, first, last, balances = ACCEPTED[name]
    activities = [a for account in statement.accounts for a in account.activities]
    assert len(statement.accounts) == accounts
    assert len(activities) == count
    assert sum((a.amount for a in activities), Decimal(0)) == Decimal(total)
    assert sum(len(a.stated_positions) for a in statement.accounts) == positions
    days = sorted(str(a.day) for a in activities)
    assert (days[0] if days else None, days[-1] if days else None) == (first, last)
    stated = [a.stated_balance for a in statement.accounts if a.stated_balance is not None]
    assert [b.amount for b in stated] == [Decimal(b) for b in balances]
    assert not [p for p in problems if p.severity is Severity.ERROR]


@pytest.mark.parametrize("name", REFUSED)
def test_refused_for_the_true_reason(name):
    code, line, words = REFUSED[name]
    with pytest.raises(FormatError, match=words) as caught:
        read(real_file(name), name)
    assert (caught.value.problems[0].code, caught.value.problems[0].line) == (code, line)
    assert caught.value.hint


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_same_file_twice_has_the_same_keys_and_no_key_twice(name):
    first, _ = read(real_file(name))
    second, _ = read(real_file(name))
    for one, other in zip(first.accounts, second.accounts, strict=True):
        assert activity_keys(one) == activity_keys(other)
        assert len(set(activity_keys(one))) == len(one.activities)


def test_accounts_are_named_as_the_files_name_them():
    statement, _ = read(real_file("multiple_accounts.ofx"))
    heads = [(a.external_id, a.kind, a.currency, a.institution) for a in statement.accounts]
    assert heads == [
        ("9100", AccountKind.CHECKING, "USD", "blah"),
        ("9200", AccountKind.SAVINGS, "USD", "blah"),
    ]
    assert statement.accounts[0].stated_balance.as_of == datetime(
        2012, 6, 3, 20, 32, 20, tzinfo=UTC
    )


def test_the_malformed_file_keeps_what_it_says():
    statement, problems = read(real_file("ofx-v102-empty-tags.ofx"))
    account = statement.accounts[0]
    row = account.activities[0]
    assert (account.currency, account.kind, account.balances) == (None, AccountKind.UNKNOWN, ())
    assert (row.currency, row.payee, row.memo, row.external_id) == (
        "AUD", None, "CBA:Transfer", None,
    )  # fmt: skip
    assert (row.category, row.settles_on, row.line) == ("Uncategorised", date(2018, 5, 7), 23)
    assert row.kind is ActivityKind.DEPOSIT
    assert any("ACCTBAL" in note for note in statement.notes)
    assert [p.code for p in problems] == ["odd_time"]


def test_times_are_utc_and_the_bank_day_is_kept():
    statement, _ = read(real_file("investment_medium.ofx"))
    row = statement.accounts[0].activities[0]
    assert row.effective_at == datetime(2009, 12, 16, 0, 20, tzinfo=UTC)
    assert row.day == date(2009, 12, 15)
    assert (row.currency, row.exchange_rate, statement.accounts[0].currency) == (
        "USD", Decimal("1.06"), "CAD",
    )  # fmt: skip
    assert (row.line, row.amount) == (43, Decimal("-3.65"))


def test_cdata_and_the_ascii_declaration_of_suncorp():
    row = read(real_file("suncorp.ofx"))[0].accounts[0].activities[0]
    assert row.payee == "EFTPOS WDL HANDYWAY ALDI STORE"
    assert row.memo == "EFTPOS WDL HANDYWAY ALDI STORE   GEELONG WEST VICAU"
    assert (row.line, row.effective_at) == (35, date(2013, 12, 15))


def test_fidelity_adds_up_and_agrees_with_its_positions_where_it_bought_everything():
    account = read(real_file("fidelity.ofx"))[0].accounts[0]
    kinds = [a.kind for a in account.activities]
    assert {k: kinds.count(k) for k in set(kinds)} == {
        ActivityKind.BUY: 8,
        ActivityKind.DIVIDEND: 4,
        ActivityKind.SELL: 2,
        ActivityKind.INTEREST: 2,
        ActivityKind.FEE: 1,
    }
    for activity in account.activities:
        if activity.kind in {ActivityKind.BUY, ActivityKind.SELL}:
            computed = -activity.quantity * activity.unit_price - activity.fees
            # A sale's regulatory fee of some cents is in the total and in no field of its own.
            assert abs(activity.amount - computed) <= Decimal("0.03")
    held: dict[str, Decimal] = {}
    for activity in account.activities:
        if activity.security and activity.quantity:
            held[activity.security] = held.get(activity.security, Decimal(0)) + activity.quantity
    stated = {p.security: p.quantity for p in account.stated_positions}
    names = {s.key: s.symbol for s in account.securities}
    differences = {names[k]: stated[k] - held.get(k, Decimal(0)) for k in stated}
    # Red Hat was bought before the statement begins; everything else inside it.
    assert {name: d for name, d in differences.items() if d} == {"RHT": Decimal(50)}
    spy = next(s for s in account.securities if s.symbol == "SPY")
    assert (spy.name, spy.cusip) == ("SPDR S&P 500 ETF TRUST UNIT SER 1 S&P", "78462F103")


def test_positions_and_securities_of_the_others():
    ameritrade = read(real_file("td_ameritrade.ofx"))[0].accounts[0]
    assert [(p.security, p.quantity, p.value) for p in ameritrade.stated_positions] == [
        ("CUSIP:023135106", Decimal(1), Decimal(1000)),
        ("CUSIP:912810RW0", Decimal(1000), Decimal(1000)),
    ]
    assert [(s.symbol, s.kind.value) for s in ameritrade.securities] == [
        ("AMZN", "stock"), ("912810RW0", "bond"),
    ]  # fmt: skip
    vanguard, problems = read(real_file("vanguard.ofx"))
    row = vanguard.accounts[0].activities[0]
    assert (row.kind, row.quantity, row.amount) == (
        ActivityKind.SELL,
        Decimal("-42.123"),
        Decimal("4212.3"),
    )
    assert [(p.code, p.severity) for p in problems] == [("duplicate_security", Severity.WARNING)]
