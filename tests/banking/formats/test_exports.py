"""What goes out comes back: JSON whole, CSV the activities, Beancount text that balances."""

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings

from bursar.banking.formats import bursar_json
from bursar.banking.formats.beancount_export import dump_beancount
from bursar.banking.formats.csv_export import dump_csv
from bursar.banking.formats.problems import FormatError, Severity
from bursar.banking.formats.sniff import detect, read
from bursar.banking.formats.statement import Format, Statement, activity_keys
from tests.banking.formats import samples
from tests.banking.formats.models import statements

pytestmark = pytest.mark.requirement("IMPORT.02")


@given(statements())
@settings(max_examples=60, deadline=None)
def test_json_round_trip(statement):
    data = bursar_json.dump(statement)
    assert bursar_json.load(data) == statement
    assert read(data) == (statement, ())
    assert detect(data) is Format.BURSAR_JSON


@given(statements(has_more=False))
@settings(max_examples=60, deadline=None)
def test_csv_round_trip(statement):
    data = dump_csv(statement)
    again, problems = read(data)
    assert [p for p in problems if p.severity is Severity.ERROR] == []
    assert again.accounts == statement.accounts
    assert again.format is Format.CSV_BURSAR


@pytest.mark.parametrize("name", samples.ALL)
def test_every_sample_comes_back_with_the_same_keys_and_balances(name):
    statement, _ = read(samples.ALL[name], name)
    for data in (bursar_json.dump(statement), dump_csv(statement)):
        again, _ = read(data)
        for one, other in zip(statement.accounts, again.accounts, strict=True):
            assert activity_keys(one) == activity_keys(other)
            assert one.activities == other.activities
            assert one.securities == other.securities


def test_no_cell_of_the_csv_is_a_formula():
    statement, _ = read(samples.ALL["bank.ofx"])
    account = statement.accounts[0]
    evil = account.activities[0].model_copy(update={"payee": "=HYPERLINK(1)", "memo": "@SUM(1)"})
    data = dump_csv(
        statement.model_copy(
            update={"accounts": (account.model_copy(update={"activities": (evil,)}),)}
        )
    )
    cells = [cell for line in data.decode().splitlines()[1:] for cell in line.split(",")]
    assert not [c for c in cells if c[:1] in "=@+" and c]
    assert read(data)[0].accounts[0].activities[0].payee == "=HYPERLINK(1)"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{", "not_bursar_json"),
        (b'{"schema": "bursar.statement/2", "statement": {}}', "unsupported_version"),
        (b'{"schema": "other", "statement": {}}', "unsupported_version"),
        (b'{"schema": "bursar.statement/1", "statement": {"format": "ofx", "x": 1}}', "bad_value"),
        (b'{"schema": "bursar.statement/1"}', "bad_value"),
        (b"[" * 100_000, "needs_mapping"),
        (b'{"schema":' + b"[" * 100_000, "not_bursar_json"),
    ],
)
def test_what_is_not_ours_is_refused_with_the_field(data, code):
    with pytest.raises(FormatError) as caught:
        read(data)
    assert caught.value.problems[0].code == code


def test_a_json_number_is_refused_as_an_amount():
    data = bursar_json.dump(read(samples.ALL["bank.ofx"])[0]).replace(b'"-1.50"', b"-1.50")
    with pytest.raises(FormatError, match="as text") as caught:
        read(data)
    assert caught.value.field == "statement.accounts.0.activities.0.amount"


ACCOUNT = r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z0-9][A-Za-z0-9-]*)+"
COMMODITY = r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]"
NUMBER = r"-?\d+(?:\.\d+)?"
STRING = r'"(?:[^"\\]|\\.)*"'
DAY = r"\d{4}-\d{2}-\d{2}"
LINES = {
    "comment": re.compile(r";.*"),
    "option": re.compile(rf"option {STRING} {STRING}"),
    "open": re.compile(rf"({DAY}) open ({ACCOUNT})"),
    "commodity": re.compile(rf"{DAY} commodity ({COMMODITY})"),
    "transaction": re.compile(rf"({DAY}) \* {STRING} {STRING}"),
    "metadata": re.compile(rf"  [a-z][a-z0-9_-]*: {STRING}"),
    "posting": re.compile(
        rf"  ({ACCOUNT})  ({NUMBER}) ({COMMODITY})(?: @@ (\d+(?:\.\d+)?) ({COMMODITY}))?"
    ),
}


def check_beancount(text: str) -> int:
    """Check each line against the grammar, each account opened, each transaction at zero."""
    opened: dict[str, str] = {}
    count, weights, day = 0, {}, ""
    for line in [*text.splitlines(), ""]:
        if not line:
            assert not any(weights.values()), weights
            weights = {}
            continue
        kind, match = next(
            ((k, m) for k, p in LINES.items() if (m := p.fullmatch(line))), (None, None)
        )
        assert match is not None, line
        if kind == "open":
            assert match[2] not in opened
            opened[match[2]] = match[1]
        elif kind == "transaction":
            assert not any(weights.values()), weights
            weights, day, count = {}, match[1], count + 1
        elif kind == "posting":
            assert opened[match[1]] <= day
            number, commodity = Decimal(match[2]), match[3]
            if match[4] is not None:
                commodity, number = match[5], Decimal(match[4]).copy_sign(number)
            weights[commodity] = weights.get(commodity, Decimal(0)) + number
    return count


@pytest.mark.parametrize("name", samples.ALL)
def test_beancount_of_every_sample(name):
    statement, _ = read(samples.ALL[name], name)
    assert check_beancount(dump_beancount(statement).decode()) == sum(
        len(a.activities) for a in statement.accounts
    )


@given(statements())
@settings(max_examples=60, deadline=None)
def test_beancount_of_anything(statement):
    import decimal

    with decimal.localcontext(prec=120):
        check_beancount(dump_beancount(statement).decode())


def test_beancount_says_the_trade_as_beancount_users_do():
    text = dump_beancount(read(samples.SCHWAB)[0]).decode()
    assert "Assets:Charles-Schwab:XXXX-3910:Holdings  -1000 AAPL @@ 190000.00 USD" in text
    assert "  Expenses:Fees  0.25 USD" in text


def test_beancount_of_an_empty_statement():
    assert check_beancount(dump_beancount(Statement(format=Format.OFX)).decode()) == 0


def test_a_name_with_odd_blanks_is_one_key_on_every_way():
    data = b"!Type:Invst\nD2024-01-31\nNBuy\nYAcme \x07 Corp\nQ1\nT5\n^\n"
    statement, _ = read(data)
    assert statement.accounts[0].securities[0].key == "Acme Corp"
    assert read(dump_csv(statement))[0].accounts == statement.accounts
