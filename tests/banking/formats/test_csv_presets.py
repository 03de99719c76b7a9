"""The CSV layouts of institutions, from made-up files with their real headers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bursar.banking.formats.csv_presets.kraken_assets import asset_code, split_pair
from bursar.banking.formats.problems import FormatError, Severity
from bursar.banking.formats.sniff import detect, read
from tests.banking.formats import samples

pytestmark = pytest.mark.requirement("IMPORT.01")

FORMATS = {
    "schwab.csv": "csv_schwab", "fidelity.csv": "csv_fidelity", "flex.xml": "ibkr_flex_xml",
    "ibkr_activity.csv": "csv_ibkr_activity", "ibkr_flex.csv": "csv_ibkr_flex",
    "coinbase.csv": "csv_coinbase", "kraken_ledgers.csv": "csv_kraken_ledgers",
    "kraken_trades.csv": "csv_kraken_trades", "bank.csv": "csv", "quicken.qif": "qif",
    "camt.xml": "camt_053", "bank.ofx": "ofx",
}  # fmt: skip


def seen(data: bytes, name: str = ""):
    statement, problems = read(data, name)
    rows = [
        (a.line, a.kind.value, str(a.day), a.quantity, a.amount, a.currency)
        for account in statement.accounts
        for a in account.activities
    ]
    return statement, problems, rows


@pytest.mark.parametrize("name", FORMATS)
def test_content_tells_the_format(name):
    assert detect(samples.ALL[name], "download").value == FORMATS[name]
    assert read(samples.ALL[name], "download")[0].format.value == FORMATS[name]


@pytest.mark.parametrize("has_title", [True, False])
def test_schwab(has_title):
    data = samples.SCHWAB if has_title else samples.SCHWAB.partition(b"\n")[2]
    offset = 0 if has_title else -1
    statement, problems, rows = seen(data, "Individual_XXXX-3910_Transactions_20240120.csv")
    assert problems == ()
    assert statement.accounts[0].external_id == "XXXX-3910"
    assert rows == [
        (3 + offset, "interest", "2024-01-18", None, Decimal("0.11"), "USD"),
        (4 + offset, "buy", "2024-01-18", Decimal(10), Decimal("-152.85"), "USD"),
        (5 + offset, "sell", "2024-01-17", Decimal(-1000), Decimal("189999.75"), "USD"),
        (6 + offset, "buy", "2024-01-16", Decimal("0.5"), Decimal(-35), "USD"),
        (7 + offset, "dividend", "2024-01-16", None, Decimal(35), "USD"),
        (8 + offset, "split", "2024-01-12", Decimal(90), None, "USD"),
        (9 + offset, "withdrawal", "2024-01-11", None, Decimal(-500), "USD"),
        (10 + offset, "delivery_in", "2024-01-10", Decimal(5), None, "USD"),
        (11 + offset, "tax", "2024-01-09", None, Decimal(-3), "USD"),
        (12 + offset, "sell", "2024-01-08", Decimal(-2), Decimal("298.68"), "USD"),
    ]
    assert statement.accounts[0].activities[0].settles_on == date(2024, 1, 19)


def test_schwab_total_is_the_check_on_what_was_read():
    _, problems, _ = seen(samples.SCHWAB.replace(b"$298.68", b"$298.69"))
    assert [(p.line, p.code) for p in problems] == [(13, "total_differs")]


def test_schwab_names_an_action_it_does_not_know():
    data = samples.SCHWAB.replace(b'"Stock Split"', b'"Moon Landing"')
    _, problems, rows = seen(data)
    assert [(p.line, p.code, p.field) for p in problems] == [(8, "unknown_action", "action")]
    assert len(rows) == 9


def test_fidelity():
    statement, problems, rows = seen(samples.FIDELITY)
    assert problems == ()
    assert [a.external_id for a in statement.accounts] == ["Z12345678", "X98765432"]
    assert rows == [
        (4, "sell", "2025-12-03", Decimal(-77), Decimal("3896.15"), "USD"),
        (5, "buy", "2025-12-02", Decimal("244.382"), Decimal(-6090), "USD"),
        (6, "buy", "2025-11-28", Decimal("21.45"), Decimal("-21.45"), "USD"),
        (7, "dividend", "2025-11-28", None, Decimal("21.45"), "USD"),
        (8, "deposit", "2025-11-26", None, Decimal(1000), "USD"),
        (9, "fee", "2025-11-25", None, Decimal("-1.20"), "USD"),
    ]


def test_fidelity_generation_with_shifted_columns():
    data = (
        b"Run Date,Action,Symbol,Description,Type,Exchange Quantity,Exchange Currency,Quantity,"
        b"Currency,Price,Exchange Rate,Commission,Fees,Accrued Interest,Amount,Cash Balance,"
        b"Settlement Date\n"
        b'11/03/2025,"YOU BOUGHT FIMM TREASURY (FSIXX) (Cash)",FSIXX,"FIMM",Cash,0,,USD,1,54150,0'
        b",,,,-54150,45.95,11/03/2025\n"
    )
    statement, problems, rows = seen(data, "History_for_Account_Z30149175.csv")
    assert problems == ()
    assert statement.accounts[0].external_id == "Z30149175"
    assert rows == [(2, "buy", "2025-11-03", Decimal(54150), Decimal(-54150), "USD")]
    assert statement.accounts[0].activities[0].unit_price == Decimal(1)


def test_ibkr_activity_statement():
    statement, problems, rows = seen(samples.IBKR_ACTIVITY)
    assert problems == ()
    (account,) = statement.accounts
    assert (account.external_id, account.currency) == ("U1234567", "CHF")
    assert rows == [
        (13, "buy", "2025-03-03", Decimal(10), Decimal("-2502.23"), "USD"),
        (16, "option_expiry", "2025-06-20", Decimal(-1), Decimal(0), "USD"),
        (18, "fx_conversion", "2025-03-01", None, Decimal(1000), "USD"),
        (18, "fee", "2025-03-01", None, Decimal("-1.8"), "CHF"),
        (20, "deposit", "2025-02-01", None, Decimal(5000), "CHF"),
        (23, "dividend", "2025-04-01", None, Decimal(5), "USD"),
        (26, "tax", "2025-04-01", None, Decimal("-0.75"), "USD"),
        (28, "interest", "2025-04-03", None, Decimal("1.42"), "USD"),
        (30, "fee", "2025-04-03", None, Decimal("-1.5"), "USD"),
        (33, "split", "2025-06-17", Decimal(30), None, "USD"),
    ]
    buy = account.activities[0]
    assert buy.effective_at == datetime(2025, 3, 3, 14, 30, tzinfo=UTC)
    held = sum(
        a.quantity for a in account.activities if a.security == "US9229087690" and a.quantity
    )
    assert held == account.stated_positions[0].quantity == Decimal(40)
    assert account.stated_balance.amount == Decimal("1049.4")


def test_ibkr_activity_names_a_section_it_does_not_know():
    data = samples.IBKR_ACTIVITY + b"Moon Fees,Header,Currency,Amount\nMoon Fees,Data,USD,-1\n"
    _, problems, _ = seen(data)
    assert [(p.line, p.code) for p in problems] == [(37, "unknown_section")]


def test_ibkr_flex_csv_and_xml():
    _, problems, rows = seen(samples.IBKR_FLEX)
    assert problems == ()
    assert rows == [
        (4, "buy", "2026-01-05", Decimal(10), Decimal(-1001), "USD"),
        (5, "sell", "2026-01-09", Decimal(-4), Decimal(440), "USD"),
        (5, "fee", "2026-01-09", None, Decimal(-1), "EUR"),
        (9, "dividend", "2026-01-10", None, Decimal("2.4"), "USD"),
        (10, "deposit", "2026-01-02", None, Decimal(500), "EUR"),
    ]
    statement, problems, rows = seen(samples.FLEX_XML)
    assert problems == ()
    assert rows == [
        (4, "buy", "2025-03-03", Decimal(10), Decimal(-1001), "USD"),
        (5, "fx_conversion", "2025-03-04", None, Decimal(-100), "EUR"),
        (5, "fee", "2025-03-04", None, Decimal(-2), "EUR"),
        (7, "tax", "2025-04-01", None, Decimal("-1.5"), "USD"),
        (8, "split", "2025-06-02", Decimal(30), None, "USD"),
    ]
    assert statement.accounts[0].stated_positions[0].quantity == Decimal(40)


def test_coinbase():
    statement, problems, rows = seen(samples.COINBASE)
    assert [(p.line, p.code) for p in problems] == [(11, "unknown_action")]
    assert rows == [
        (5, "buy", "2024-01-01", Decimal("0.01"), Decimal("-405.99"), "EUR"),
        (6, "sell", "2024-01-02", Decimal("-0.5"), Decimal("99.40"), "EUR"),
        (7, "staking_reward", "2024-01-03", Decimal("0.0001"), None, "EUR"),
        (8, "delivery_out", "2024-01-04", Decimal("-0.005"), None, "EUR"),
        (9, "exchange_out", "2024-01-05", Decimal("-0.5"), None, "EUR"),
        (9, "exchange_in", "2024-01-05", Decimal("0.025"), None, "EUR"),
        (10, "deposit", "2024-01-06", None, Decimal(1000), "EUR"),
    ]
    assert statement.accounts[0].activities[2].value == Decimal("0.20")


def test_coinbase_before_2024():
    data = (
        b'"You can use this transaction report to inform your likely tax obligations."\n\n'
        b"Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,Spot Price at "
        b"Transaction,Subtotal,Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
        b"2021-03-01T10:00:00Z,Sell,BTC,0.1,USD,50000,5000,4950,50,Sold\n"
    )
    _, problems, rows = seen(data)
    assert problems == ()
    assert rows == [(4, "sell", "2021-03-01", Decimal("-0.1"), Decimal(4950), "USD")]


def test_kraken_ledgers_pair_rows_and_charge_fees():
    statement, problems, rows = seen(samples.KRAKEN_LEDGERS)
    assert [(p.line, p.code) for p in problems] == [(3, "pending_row")]
    assert [(r[0], r[1], r[3], r[4], r[5]) for r in rows] == [
        (2, "deposit", None, Decimal(1000), "EUR"),
        (4, "buy", Decimal("0.002"), Decimal("-100.18"), "EUR"),
        (6, "exchange_out", Decimal("-0.001"), None, None),
        (6, "fee", Decimal("-0.000001"), None, None),
        (7, "exchange_in", Decimal("0.02"), None, None),
        (8, "staking_reward", Decimal("0.5"), None, None),
        (9, "delivery_out", Decimal("-0.0005"), None, None),
        (9, "fee", Decimal("-0.00001"), None, None),
        (10, "fx_conversion", None, Decimal("-50.25"), "EUR"),
    ]
    conversion = statement.accounts[0].activities[-1]
    assert (conversion.counter_amount, conversion.counter_currency) == (Decimal(54), "USD")


def test_kraken_half_a_trade_is_a_problem_not_a_guess():
    data = b"\n".join(samples.KRAKEN_LEDGERS.splitlines()[:4])
    _, problems, rows = seen(data)
    assert "unpaired_trade" in [p.code for p in problems if p.severity is Severity.ERROR]
    assert len(rows) == 1


def test_kraken_fee_credits_and_swept_dust():
    data = (
        samples.KRAKEN_LEDGERS.splitlines()[0]
        + b"""
"D1","R","2024-03-20 10:00:00","spend","dustsweeping","currency","XXBT","spot / main",-0.1,0,0
"D2","R","2024-03-20 10:00:00","spend","dustsweeping","currency","SOL","spot / main",-0.2,0,0
"D3","R","2024-03-20 10:00:00","receive","dustsweeping","currency","XETH","spot / main",0.3,0,0
"E1","S","2024-03-21 10:00:00","trade","","currency","ZEUR","spot / main",-10,0,0
"E2","S","2024-03-21 10:00:00","trade","","currency","SOL","spot / main",0.1,0,0
"E3","S","2024-03-21 10:00:00","trade","","currency","KFEE","spot / main",0,2.5,0
"""
    )
    _, problems, rows = seen(data)
    assert problems == ()
    assert [(r[1], r[3], r[4]) for r in rows] == [
        ("exchange_out", Decimal("-0.1"), None),
        ("exchange_out", Decimal("-0.2"), None),
        ("exchange_in", Decimal("0.3"), None),
        ("buy", Decimal("0.1"), Decimal(-10)),
        ("fee", Decimal("-2.5"), None),
    ]


def test_kraken_trades():
    _, problems, rows = seen(samples.KRAKEN_TRADES)
    assert problems == ()
    assert [(r[1], r[3], r[4]) for r in rows] == [
        ("buy", Decimal("0.002"), Decimal("-100.18")),
        ("exchange_out", Decimal("-0.02"), None),
        ("exchange_in", Decimal("0.001"), None),
        ("fee", Decimal("-0.000001"), None),
    ]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("XXBT", "BTC"), ("XBT", "BTC"), ("ZUSD", "USD"), ("XETH", "ETH"), ("ETH2.S", "ETH"),
        ("ETH2", "ETH"), ("DOT28.S", "DOT"), ("XXDG", "DOGE"), ("EUR.HOLD", "EUR"), ("XTZ", "XTZ"),
        ("ZETA", "ZETA"), ("USDT", "USDT"), ("ATOM21.S", "ATOM"), ("XBT.M", "BTC"),
    ],
)  # fmt: skip
def test_kraken_asset_codes(code, expected):
    assert asset_code(code) == expected


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ("XXBTZUSD", ("BTC", "USD")), ("ETHUSDT", ("ETH", "USDT")), ("ADA/EUR", ("ADA", "EUR")),
        ("XETHXXBT", ("ETH", "BTC")), ("SOLEUR", ("SOL", "EUR")), ("???", None),
    ],
)  # fmt: skip
def test_kraken_pairs(pair, expected):
    assert split_pair(pair) == expected


def test_camt():
    statement, problems, rows = seen(samples.CAMT)
    assert [p.code for p in problems] == ["pending_row"]
    assert [(r[1], r[2], r[4]) for r in rows] == [
        ("withdrawal", "2024-01-13", Decimal("-3.50")),
        ("deposit", "2024-01-15", Decimal(60)),
        ("deposit", "2024-01-15", Decimal(40)),
    ]
    assert statement.accounts[0].stated_balance.amount == Decimal("96.50")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (
            b'<!DOCTYPE a [<!ENTITY b "c">]><FlexQueryResponse>&b;</FlexQueryResponse>',
            "entity_declaration",
        ),
        (b"<FlexQueryResponse>", "not_xml"),
        (b"<FlexQueryResponse/>", "no_statement"),
        (b"Date,Amount\n", "needs_mapping"),
        (b"", "empty_file"),
        (b"   \n ", "empty_file"),
        (b"%PDF-1.7 ...", "binary_file"),
        (b"PK\x03\x04....", "binary_file"),
        (b"<html><body>log in</body></html>", "unknown_format"),
        (b"hello world", "needs_mapping"),
        (b'{"a": 1}', "not_bursar_json"),
    ],
)
def test_what_is_no_statement_is_refused_with_a_reason(data, code):
    with pytest.raises(FormatError) as caught:
        read(data)
    assert caught.value.problems[0].code == code
