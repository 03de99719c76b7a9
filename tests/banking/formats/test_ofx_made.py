"""OFX read from made-up files: each aggregate, each way a date or a tag can be wrong."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bursar.banking.formats.ofx.values import parse_stamp
from bursar.banking.formats.problems import FormatError, Severity
from bursar.banking.formats.sniff import read
from bursar.banking.formats.statement import ActivityKind as Kind
from tests.banking.formats.samples import OFX, ofx_bank, ofx_investment

pytestmark = pytest.mark.requirement("IMPORT.01")

SECURITY = "<SECID><UNIQUEID>037833100<UNIQUEIDTYPE>CUSIP</SECID>"
APPLE = f"<STOCKINFO><SECINFO>{SECURITY}<SECNAME>Apple<TICKER>AAPL</SECINFO></STOCKINFO>"
TRADE = "<INVTRAN><FITID>f1<DTTRADE>20240110<MEMO>m</INVTRAN>"


def rows(body: str):
    statement, problems = read(ofx_investment(body, APPLE))
    return statement.accounts[0].activities, [p for p in problems if p.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20240105", date(2024, 1, 5)),
        ("20240105120000", datetime(2024, 1, 5, 12, tzinfo=UTC)),
        ("20240105120000.123[-4:EDT]", datetime(2024, 1, 5, 16, 0, 0, 123000, tzinfo=UTC)),
        ("20240105120000[-:EST]", datetime(2024, 1, 5, 17, tzinfo=UTC)),
        ("20240105120000[+5.30:IST]", datetime(2024, 1, 5, 6, 30, tzinfo=UTC)),
        ("20240105120000[0:GMT]", datetime(2024, 1, 5, 12, tzinfo=UTC)),
        ("202401051200", datetime(2024, 1, 5, 12, tzinfo=UTC)),
        ("20180804093914:014", datetime(2018, 8, 4, 9, 39, 14, 14000, tzinfo=UTC)),
    ],
)
def test_dates(text, expected):
    assert parse_stamp(text).at == expected


@pytest.mark.parametrize(
    "text", ["", "2024", "20241301", "20240230", "2024-01-05", "00000000", "x"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match="date"):
        parse_stamp(text)


def test_buy_and_sell_of_every_kind_carry_costs_and_signs():
    for suffix in ("STOCK", "MF", "DEBT", "OTHER", "OPT"):
        body = (
            f"<BUY{suffix}><INVBUY>{TRADE}{SECURITY}<UNITS>10<UNITPRICE>5<COMMISSION>1<FEES>0.5"
            f"<TAXES>0.25<TOTAL>-51.75<SUBACCTSEC>CASH</INVBUY></BUY{suffix}>\n"
            f"<SELL{suffix}><INVSELL>{TRADE.replace('f1', 'f2')}{SECURITY}<UNITS>-4<UNITPRICE>6"
            f"<COMMISSION>1</INVSELL></SELL{suffix}>"
        )
        (buy, sell), errors = rows(body)
        assert not errors
        assert (buy.kind, buy.quantity, buy.amount) == (Kind.BUY, Decimal(10), Decimal("-51.75"))
        assert (buy.fees, buy.taxes, buy.raw_type) == (
            Decimal("1.5"),
            Decimal("0.25"),
            f"BUY{suffix}",
        )
        # Without a TOTAL the proceeds are units times price less costs.
        assert (sell.kind, sell.quantity, sell.amount) == (Kind.SELL, Decimal(-4), Decimal(23))
        assert (buy.line, sell.line) == (12, 13)


def test_a_reinvestment_is_income_and_a_buy_in_one_group():
    body = f"<REINVEST>{TRADE}{SECURITY}<INCOMETYPE>DIV<TOTAL>-12<UNITS>2<UNITPRICE>6</REINVEST>"
    (income, buy), errors = rows(body)
    assert not errors
    assert (income.kind, income.amount, buy.kind, buy.amount) == (
        Kind.DIVIDEND, Decimal(12), Kind.BUY, Decimal(-12),
    )  # fmt: skip
    assert income.group == buy.group == "f1"
    assert (income.external_id, buy.external_id) == ("f1:income", "f1:buy")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "<INCOME>{t}{s}<INCOMETYPE>CGLONG<TOTAL>3</INCOME>",
            ("capital_gain_distribution", None, "3"),
        ),
        ("<INCOME>{t}{s}<INCOMETYPE>INTEREST<TOTAL>3</INCOME>", ("interest", None, "3")),
        ("<TRANSFER>{t}{s}<UNITS>5<TFERACTION>OUT</TRANSFER>", ("delivery_out", "-5", None)),
        ("<TRANSFER>{t}{s}<UNITS>5<TFERACTION>IN</TRANSFER>", ("delivery_in", "5", None)),
        (
            "<SPLIT>{t}{s}<OLDUNITS>10<NEWUNITS>40<NUMERATOR>4<DENOMINATOR>1</SPLIT>",
            ("split", "30", None),
        ),
        ("<RETOFCAP>{t}{s}<TOTAL>7</RETOFCAP>", ("return_of_capital", None, "7")),
        ("<MARGININTEREST>{t}<TOTAL>7</MARGININTEREST>", ("interest", None, "-7")),
        ("<INVEXPENSE>{t}{s}<TOTAL>7</INVEXPENSE>", ("fee", None, "-7")),
        (
            "<CLOSUREOPT>{t}{s}<OPTACTION>EXPIRE<UNITS>-1</CLOSUREOPT>",
            ("option_expiry", "-1", None),
        ),
    ],
)
def test_the_other_aggregates(body, expected):
    (row,), errors = rows(body.format(t=TRADE, s=SECURITY))
    assert not errors
    kind, quantity, amount = expected
    assert row.kind.value == kind
    assert row.quantity == (Decimal(quantity) if quantity else None)
    assert row.amount == (Decimal(amount) if amount else None)


def test_a_journal_between_subaccounts_nets_to_nothing():
    body = f"<JRNLFUND>{TRADE}<SUBACCTTO>MARGIN<SUBACCTFROM>CASH<TOTAL>9</JRNLFUND>"
    made, errors = rows(body)
    assert not errors
    assert sum(a.amount for a in made) == 0
    assert [a.counter_account for a in made] == ["MARGIN", "CASH"]


def test_an_unknown_aggregate_is_named_by_line_and_the_others_are_kept():
    body = f"<NEWFANGLED>{TRADE}</NEWFANGLED>\n<INVEXPENSE>{TRADE}<TOTAL>7</INVEXPENSE>"
    made, errors = rows(body)
    assert [(e.line, e.code, e.field) for e in errors] == [(12, "unknown_row", "NEWFANGLED")]
    assert len(made) == 1


def test_a_bad_number_stops_its_row_only():
    good = "<STMTTRN><TRNTYPE>POS<DTPOSTED>20240102<TRNAMT>-1<FITID>a</STMTTRN>"
    bad = "<STMTTRN><TRNTYPE>POS<DTPOSTED>20240102<TRNAMT>1O.00<FITID>b</STMTTRN>"
    statement, problems = read(ofx_bank(f"{good}\n{bad}\n{good.replace('<FITID>a', '<FITID>c')}"))
    assert [a.external_id for a in statement.accounts[0].activities] == ["a", "c"]
    assert [(p.line, p.code, p.field) for p in problems] == [(14, "bad_number", "TRNAMT")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("<STMTTRN><TRNTYPE>POS<TRNAMT>1<FITID>x</STMTTRN>", "missing_date"),
        ("<STMTTRN><TRNTYPE>POS<DTPOSTED>20240102<FITID>x</STMTTRN>", "missing_amount"),
        ("<STMTTRN><DTPOSTED>20249902<TRNAMT>1<FITID>x</STMTTRN>", "bad_date"),
        ("<STMTTRN><DTPOSTED>00120102<TRNAMT>1<FITID>x</STMTTRN>", "bad_value"),
        ("<STMTTRNP><DTPOSTED>20240102<TRNAMT>1</STMTTRNP>", "unknown_row"),
    ],
)
def test_what_a_row_lacks_is_said(row, code):
    statement, problems = read(ofx_bank(row))
    assert statement.accounts[0].activities == ()
    assert [p.code for p in problems] == [code]


def test_leaves_that_are_empty_and_unclosed_do_not_swallow_their_neighbours():
    row = (
        "<STMTTRN><MEMO><CHECKNUM><TRNTYPE>POS<DTPOSTED>20240102<NAME><TRNAMT>-2<FITID>a</STMTTRN>"
    )
    statement, problems = read(ofx_bank(row))
    (made,) = statement.accounts[0].activities
    assert (made.amount, made.memo, made.payee) == (Decimal(-2), None, None)
    assert problems == ()


def test_rows_that_are_never_ended_are_still_rows():
    row = "<STMTTRN><TRNTYPE>POS<DTPOSTED>20240102<TRNAMT>-2<FITID>"
    statement, _ = read(ofx_bank(f"{row}a\n{row}b\n<STMTTRN></STMTTRN>"))
    assert [a.external_id for a in statement.accounts[0].activities] == ["a", "b"]


def test_a_file_that_breaks_off_keeps_whole_rows_and_says_where_it_ends():
    whole = ofx_bank("<STMTTRN><DTPOSTED>20240102<TRNAMT>-200<FITID>a</STMTTRN>\n" * 2)
    data = whole[: whole.rindex(b"00<FITID>")]
    statement, problems = read(data)
    assert [a.amount for a in statement.accounts[0].activities] == [Decimal(-200)]
    assert {p.code for p in problems} == {"cut_off"}


def test_text_is_unescaped_once_and_lone_ampersands_stay():
    row = (
        "<STMTTRN><DTPOSTED>20240102<TRNAMT>1<FITID>a<NAME>A &amp; B & C &#233; &lt;x&gt;</STMTTRN>"
    )
    statement, _ = read(ofx_bank(row))
    assert statement.accounts[0].activities[0].payee == "A & B & C é <x>"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1", "utf-16"])
def test_the_bytes_have_the_last_word_on_the_encoding(encoding):
    row = "<STMTTRN><DTPOSTED>20240102<TRNAMT>1<FITID>a<NAME>Café Zürich</STMTTRN>"
    data = ofx_bank(row).decode("cp1252").encode(encoding)
    assert read(data)[0].accounts[0].activities[0].payee == "Café Zürich"


def test_entities_are_refused_not_expanded():
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    data = b'<?xml version="1.0"?>' + laughs + b'<?OFX OFXHEADER="200"?><OFX><A>&b;</A></OFX>'
    with pytest.raises(FormatError, match="entities"):
        read(data)


def test_a_correction_is_named_because_it_is_not_carried_out():
    row = "<STMTTRN><DTPOSTED>20240102<TRNAMT>1<FITID>b<CORRECTFITID>a<CORRECTACTION>REPLACE</STMTTRN>"
    _, problems = read(ofx_bank(row))
    assert [p.code for p in problems] == ["correction"]


def test_one_failed_statement_does_not_hide_another():
    good = ofx_bank("").decode("cp1252").partition("<BANKMSGSRSV1>")[2]
    failed = "<STMTTRNRS><STATUS><CODE>2003<SEVERITY>ERROR<MESSAGE>no</STATUS></STMTTRNRS>"
    data = OFX + f"<OFX><BANKMSGSRSV1>{failed}{good}".encode()
    statement, problems = read(data)
    assert len(statement.accounts) == 1
    assert [p.code for p in problems] == ["bank_error"]


def test_a_card_statement():
    data = OFX + (
        b"<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD<CCACCTFROM><ACCTID>4111"
        b"</CCACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>FEE<DTPOSTED>20240102<TRNAMT>-9<FITID>a"
        b"</STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>-9<DTASOF>20240103</LEDGERBAL></CCSTMTRS>"
        b"</CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>"
    )
    account = read(data)[0].accounts[0]
    assert (account.kind.value, account.external_id) == ("credit_card", "4111")
    assert account.activities[0].kind is Kind.FEE
    assert account.stated_balance.amount == Decimal(-9)


def test_a_retirement_plan_and_pending_rows():
    data = ofx_investment(f"<INVEXPENSE>{TRADE}<TOTAL>7</INVEXPENSE>")
    plan = data.replace(b"</INVSTMTRS>", b"<INV401K><EMPLOYERNAME>x</INV401K></INVSTMTRS>")
    assert read(plan)[0].accounts[0].kind.value == "retirement"
    pending = b"<BANKTRANLISTP><STMTTRNP><TRNAMT>1</STMTTRNP></BANKTRANLISTP></STMTRS>"
    _, problems = read(ofx_bank("").replace(b"</STMTRS>", pending))
    assert [(p.code, p.severity) for p in problems] == [("pending_row", Severity.WARNING)]


def test_an_unknown_part_of_a_statement_is_an_error():
    data = ofx_bank("").replace(b"</STMTRS>", b"<NEWPART><X>1</NEWPART></STMTRS>")
    assert [p.code for p in read(data)[1]] == ["unknown_part"]
