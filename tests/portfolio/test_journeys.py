"""The whole road, by hand: transactions in; positions, lots, value, gains and returns out."""

from decimal import Decimal

import pytest

from bursar.banking.models.transactions import CorrectTransaction
from bursar.banking.operations.transactions import correct_transaction
from bursar.market.models.instruments import RenameInstrument
from bursar.market.operations.instruments import find, rename_instrument
from tests.banking.build import import_text
from tests.harness import Harness
from tests.portfolio import build
from tests.portfolio.journey import (
    cost,
    held,
    lots_of,
    measured,
    named,
    record,
    whole,
    worth,
)

D = Decimal


async def market(harness: Harness, prices: dict[str, dict[str, str]], **fields: object) -> None:
    for ticker, points in prices.items():
        row = await build.instrument(harness, ticker, **fields)
        await build.price(harness, row, points)


@pytest.mark.requirement("LEDGER.03", "RETURNS.01")
async def test_a_spin_off_moves_cost_and_no_value(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-05")
    await build.account(harness)
    await market(
        harness,
        {
            "PARENT": {"2024-03-01": "100", "2024-03-04": "80"},
            "CHILD": {"2024-03-04": "40", "2024-03-05": "44"},
        },
    )
    await record(harness, "deposit", "2024-03-01", amount=1000)
    await record(harness, "buy", "2024-03-01", instrument="PARENT", quantity=10, unit_price=100)
    await record(
        harness, "spin_off", "2024-03-04", instrument="PARENT", counter_instrument="CHILD",
        counter_quantity=5, ratio="1:5",
    )  # fmt: skip
    found = await whole(harness)
    assert worth(found.net_worth) == D(800 + 220)
    assert worth(found.cost) == D(1000)
    assert worth(found.twr) == D("0.02")
    assert worth(found.contributions) == D(1000)
    rows = await held(harness)
    assert lots_of(rows["PARENT"]) == [("2024-03-01", "10", "800.00")]
    assert lots_of(rows["CHILD"]) == [("2024-03-01", "5", "200.00")]
    assert worth(rows["CHILD"].unrealised_gain) == D(20)


@pytest.mark.requirement("LEDGER.03")
async def test_a_merger_for_shares_and_for_cash(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-05")
    await build.account(harness)
    await market(
        harness,
        {
            "OLD": {"2024-03-01": "50"},
            "GONE": {"2024-03-01": "20"},
            "NEW": {"2024-03-04": "120", "2024-03-05": "130"},
        },
    )
    await record(harness, "deposit", "2024-03-01", amount=7000)
    await record(harness, "buy", "2024-03-01", instrument="OLD", quantity=100, unit_price=50)
    await record(harness, "buy", "2024-03-01", instrument="GONE", quantity=100, unit_price=20)
    await record(
        harness, "merger", "2024-03-04", instrument="OLD", counter_instrument="NEW",
        counter_quantity=50,
    )  # fmt: skip
    await record(harness, "merger", "2024-03-04", instrument="GONE", amount=2600)
    found = await whole(harness)
    assert worth(found.cash) == D(2600)
    assert worth(found.realised_gain) == D(600)
    assert worth(found.net_worth) == D(2600 + 6500)
    assert worth(found.total_gain) == D(9100 - 7000)
    rows = await held(harness)
    assert set(rows) == {"USD", "NEW"}
    assert lots_of(rows["NEW"]) == [("2024-03-01", "50", "5000.00")]


@pytest.mark.requirement("LEDGER.03")
async def test_a_merger_for_shares_and_cash_recognises_gain_up_to_the_cash(
    harness: Harness,
) -> None:
    build.stand_on(harness, "2024-03-05")
    await build.account(harness)
    await market(harness, {"OLD": {"2024-03-01": "50"}, "NEW": {"2024-03-04": "100"}})
    await record(harness, "deposit", "2024-03-01", amount=5000)
    await record(harness, "buy", "2024-03-01", instrument="OLD", quantity=100, unit_price=50)
    await record(
        harness, "merger", "2024-03-04", instrument="OLD", counter_instrument="NEW",
        counter_quantity=50, amount=1000,
    )  # fmt: skip
    # 5,000 of shares and 1,000 in cash for a cost of 5,000: all the cash is gain, the cost stays.
    found = await whole(harness)
    assert worth(found.realised_gain) == D(1000)
    assert lots_of((await held(harness))["NEW"]) == [("2024-03-01", "50", "5000.00")]


@pytest.mark.requirement("LEDGER.03", "RETURNS.01")
async def test_a_short_sale_and_its_cover(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-06")
    await build.account(harness, allow_short=True)
    prices = {"2024-03-01": "50", "2024-03-04": "60", "2024-03-05": "45", "2024-03-06": "40"}
    await market(harness, {"ACME": prices})
    await record(harness, "deposit", "2024-03-01", amount=10000)
    await record(
        harness, "sell", "2024-03-01", instrument="ACME", quantity=100, unit_price=50, fees=10
    )
    short = await whole(harness, as_of="2024-03-04")
    assert worth(short.net_worth) == D(10000 + 4990 - 6000)
    assert worth(short.invested) == D(-6000)
    assert worth(short.cost) == D(-4990)
    assert worth(short.unrealised_gain) == D(-1010)
    await record(
        harness, "buy", "2024-03-05", instrument="ACME", quantity=60, unit_price=45, fees=6
    )
    found = await whole(harness)
    # 60 covered: received 60/100 of 4,990 = 2,994, paid 2,706.
    assert worth(found.realised_gain) == D(2994 - 2706)
    assert worth(found.cost) == D(-1996)
    assert worth(found.unrealised_gain) == D(-1600 + 1996)
    assert worth(found.cash) == D(10000 + 4990 - 2706)
    assert worth(found.total_gain) == D(288 + 396)
    assert lots_of((await held(harness))["ACME"]) == [("2024-03-01", "-40", "-1996.00")]
    assert float(worth(found.twr)) == pytest.approx(10684 / 10000 - 1)  # type: ignore[arg-type]


@pytest.mark.requirement("LEDGER.03", "RETURNS.01")
async def test_margin_is_a_debt_in_value_and_interest_a_cost(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-06")
    await build.account(harness)
    await market(harness, {"ACME": {"2024-03-01": "100", "2024-03-05": "110"}})
    await record(harness, "deposit", "2024-03-01", amount=1000)
    await record(harness, "buy", "2024-03-01", instrument="ACME", quantity=15, unit_price=100)
    await record(harness, "interest_charge", "2024-03-06", amount=5)
    found = await whole(harness)
    assert worth(found.cash) == D(-505)
    assert worth(found.invested) == D(1650)
    assert worth(found.net_worth) == D(1145)
    assert worth(found.fees) == D(5)
    assert worth(found.twr) == D("0.145")
    weights = {part.key: worth(part.weight) for part in found.allocation}
    assert weights["stocks"] == D("1.44104803493")
    assert weights["cash"] == D("-0.441048034934")


@pytest.mark.requirement("LEDGER.03")
async def test_a_new_ticker_changes_nothing_and_a_new_identity_keeps_the_lots(
    harness: Harness,
) -> None:
    build.stand_on(harness, "2024-03-06")
    await build.account(harness)
    await market(
        harness,
        {
            "FB": {"2024-03-01": "100", "2024-03-05": "110"},
            "OLDCO": {"2024-03-01": "10"},
            "NEWCO": {"2024-03-05": "12"},
        },
    )
    await record(harness, "deposit", "2024-03-01", amount=1100)
    await record(harness, "buy", "2024-03-01", instrument="FB", quantity=10, unit_price=100)
    await record(harness, "buy", "2024-03-01", instrument="OLDCO", quantity=10, unit_price=10)
    async with harness.context() as context:
        body = {"instrument": "FB", "value": "META", "effective_on": "2024-03-04"}
        await rename_instrument(context, RenameInstrument.model_validate(body))
    await record(harness, "rename", "2024-03-05", instrument="OLDCO", counter_instrument="NEWCO")
    await record(harness, "sell", "2024-03-05", instrument="META", quantity=4, unit_price=110)
    rows = await held(harness)
    assert set(rows) == {"USD", "META", "NEWCO"}
    assert lots_of(rows["META"]) == [("2024-03-01", "6", "600.00")]
    assert lots_of(rows["NEWCO"]) == [("2024-03-01", "10", "100.00")]
    found = await whole(harness)
    assert worth(found.realised_gain) == D(40)
    assert worth(found.net_worth) == D(440 + 660 + 120)


@pytest.mark.requirement("LEDGER.03", "RETURNS.01")
async def test_shares_move_between_own_accounts_with_their_lots(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-06")
    await build.account(harness)
    await build.account(harness, "Second")
    prices = {"2024-03-01": "50", "2024-03-04": "60", "2024-03-06": "70"}
    await market(harness, {"ACME": prices})
    await record(harness, "deposit", "2024-03-01", amount=1100)
    await record(harness, "buy", "2024-03-01", instrument="ACME", quantity=10, unit_price=50)
    await record(harness, "buy", "2024-03-04", instrument="ACME", quantity=10, unit_price=60)
    await record(
        harness, "transfer_out", "2024-03-05", instrument="ACME", quantity=15,
        counter_account="Second",
    )  # fmt: skip
    await record(
        harness, "sell", "2024-03-06", "Second", instrument="ACME", quantity=12, unit_price=70
    )
    rows = await held(harness)
    assert lots_of(rows["ACME@Broker"]) == [("2024-03-04", "5", "300.00")]
    assert lots_of(rows["ACME@Second"]) == [("2024-03-04", "3", "180.00")]
    found = await whole(harness)
    assert worth(found.realised_gain) == D(840 - 500 - 120)
    assert worth(found.contributions) == D(1100)
    second = await whole(harness, account=["Second"])
    # Between accounts the shares are a flow at the day's price; the workspace saw none.
    assert worth(second.contributions) == D(15 * 60)
    assert worth(second.total_gain) == D(840 + 210 - 900)
    assert worth(second.realised_gain) == D(220)


@pytest.mark.requirement("LEDGER.01", "DASH.14")
async def test_a_back_dated_correction_changes_all_that_followed(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-06")
    await build.account(harness)
    prices = {"2024-03-01": "50", "2024-03-04": "60", "2024-03-06": "70"}
    await market(harness, {"ACME": prices})
    await record(harness, "deposit", "2024-03-01", amount=1000)
    wrong = await record(
        harness, "buy", "2024-03-01", instrument="ACME", quantity=10, unit_price=50
    )
    await record(harness, "sell", "2024-03-04", instrument="ACME", quantity=5, unit_price=60)
    assert worth((await whole(harness)).realised_gain) == D(50)
    async with harness.context() as context:
        body = {
            "transaction_id": wrong.transaction_id, "account": "Broker", "kind": "buy",
            "effective_at": "2024-03-01", "instrument": "ACME", "quantity": "10",
            "unit_price": "40", "fees": "10",
        }  # fmt: skip
        await correct_transaction(context, CorrectTransaction.model_validate(body))
    found = await whole(harness)
    assert worth(found.cash) == D(1000 - 410 + 300)
    assert worth(found.realised_gain) == D(300 - 205)
    assert worth(found.cost) == D(205)
    assert worth(found.fees) == D(10)
    assert worth((await whole(harness, as_of="2024-03-01")).net_worth) == D(590 + 500)
    # One more purchase before everything: the sale now closes the older lot.
    await record(harness, "buy", "2024-02-29", instrument="ACME", quantity=1, unit_price=30)
    found = await whole(harness)
    assert worth(found.realised_gain) == D(300 - 30 - 164)
    assert worth(found.cost) == D(410 + 30 - 30 - 164)


@pytest.mark.requirement("RETURNS.01", "LEDGER.03")
async def test_three_currencies_with_no_two_and_three_decimals(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-06")
    await build.account(harness)
    await market(harness, {"TOKYO": {"2024-03-01": "2000", "2024-03-06": "2101"}}, currency="JPY")
    await market(
        harness, {"KUWAIT": {"2024-03-01": "0.512", "2024-03-06": "0.6145"}}, currency="KWD"
    )
    await build.rate(harness, "JPY", "USD", {"2024-03-01": "0.0067", "2024-03-06": "0.0066"})
    await build.rate(harness, "KWD", "USD", {"2024-03-01": "3.25", "2024-03-06": "3.26"})
    await record(harness, "deposit", "2024-03-01", amount=300001, currency="JPY")
    await record(harness, "deposit", "2024-03-01", amount="1000.125", currency="KWD")
    await record(
        harness, "buy", "2024-03-01", instrument="TOKYO", quantity=100, unit_price=2000,
        fees=55, currency="JPY",
    )  # fmt: skip
    await record(
        harness, "buy", "2024-03-01", instrument="KUWAIT", quantity=1000, unit_price="0.512",
        fees="1.005", currency="KWD",
    )  # fmt: skip
    await record(
        harness, "sell", "2024-03-06", instrument="TOKYO", quantity=33, unit_price=2101,
        currency="JPY",
    )  # fmt: skip
    yen = 300001 - 200055 + 33 * 2101
    dinar = D("1000.125") - D("513.005")
    rows = await held(harness)
    assert worth(rows["JPY"].quantity) == yen
    assert worth(rows["KWD"].quantity) == dinar
    assert lots_of(rows["TOKYO"]) == [("2024-03-01", "67", str(200055 - 66018))]
    assert lots_of(rows["KUWAIT"]) == [("2024-03-01", "1000", "513.005")]
    found = await whole(harness)
    value = (yen + 67 * 2101) * D("0.0066") + (dinar + D("614.5")) * D("3.26")
    assert worth(found.net_worth) == round(value, 2)
    paid_in = 300001 * D("0.0067") + D("1000.125") * D("3.25")
    assert worth(found.contributions) == round(paid_in, 2)
    assert worth(found.total_gain) == round(value - paid_in, 2)
    in_yen = await whole(harness, currency="JPY")
    assert worth(in_yen.net_worth) == round(
        (yen + 67 * 2101) + (dinar + D("614.5")) * D("3.26") / D("0.0066")
    )
    in_dinar = await measured(harness, currency="KWD")
    assert in_dinar.bridge.closing.value == round(
        (dinar + D("614.5")) + (yen + 67 * 2101) * D("0.0066") / D("3.26"), 3
    )
    assert in_dinar.bridge.rounding is not None
    local = D(str(worth(named(in_dinar.returns, "twr_local.v1"))))
    effect = D(str(worth(named(in_dinar.returns, "currency_effect_rate.v1"))))
    total = D(str(worth(named(in_dinar.returns, "twr.v1"))))
    assert abs((1 + local) * (1 + effect) - (1 + total)) < D("1e-9")


OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20240306
<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1><INVSTMTMSGSRSV1><INVSTMTTRNRS><TRNUID>1
<STATUS><CODE>0<SEVERITY>INFO</STATUS><INVSTMTRS><DTASOF>20240306<CURDEF>USD
<INVACCTFROM><BROKERID>broker.example<ACCTID>777</INVACCTFROM>
<INVTRANLIST><DTSTART>20240301<DTEND>20240306
<BUYSTOCK><INVBUY><INVTRAN><FITID>1<DTTRADE>20240304</INVTRAN><SECID><UNIQUEID>037833100
<UNIQUEIDTYPE>CUSIP</SECID><UNITS>4<UNITPRICE>50<COMMISSION>2<TOTAL>-202
<SUBACCTSEC>CASH<SUBACCTFUND>CASH</INVBUY><BUYTYPE>BUY</BUYSTOCK>
</INVTRANLIST>
<INVPOSLIST><POSSTOCK><INVPOS><SECID><UNIQUEID>037833100<UNIQUEIDTYPE>CUSIP</SECID>
<HELDINACCT>CASH<POSTYPE>LONG<UNITS>10<UNITPRICE>60<MKTVAL>600<DTPRICEASOF>20240306
</INVPOS></POSSTOCK></INVPOSLIST>
</INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>
<SECLISTMSGSRSV1><SECLIST><STOCKINFO><SECINFO><SECID><UNIQUEID>037833100
<UNIQUEIDTYPE>CUSIP</SECID><SECNAME>Apple Inc<TICKER>AAPL</SECINFO></STOCKINFO></SECLIST>
</SECLISTMSGSRSV1></OFX>
"""


@pytest.mark.requirement("IMPORT.01", "LEDGER.03")
async def test_an_imported_opening_asks_for_its_cost_and_takes_it(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-06")
    await import_text(harness, OFX, filename="broker.ofx")
    async with harness.context(read_only=True) as context:
        apple = await find(context, "AAPL")
    await build.price(harness, apple, {"2024-03-03": "48", "2024-03-06": "60"})
    found = await whole(harness)
    assert worth(found.invested) == D(600)
    assert worth(found.cost) == "cost_unknown"
    (problem,) = found.completeness.lots
    assert problem.transaction_id is not None
    await cost(harness, problem.transaction_id, cost="120", acquired_on="2015-06-30")
    row = (await held(harness))["AAPL"]
    assert lots_of(row) == [("2015-06-30", "6", "120.00"), ("2024-03-04", "4", "202.00")]
    assert worth((await whole(harness)).unrealised_gain) == D(600 - 322)
    again = await import_text(harness, OFX, filename="broker.ofx")
    assert again.added == 0
    assert worth((await whole(harness)).cost) == D(322)


@pytest.mark.requirement("IMPORT.02", "LEDGER.03")
async def test_an_older_statement_replaces_an_opening_whose_cost_was_stated(
    harness: Harness,
) -> None:
    build.stand_on(harness, "2024-03-06")
    await import_text(harness, OFX, filename="broker.ofx")
    async with harness.context(read_only=True) as context:
        apple = await find(context, "AAPL")
    await build.price(harness, apple, {"2024-02-01": "40", "2024-03-06": "60"})
    (problem,) = (await whole(harness)).completeness.lots
    assert problem.transaction_id is not None
    await cost(harness, problem.transaction_id, cost="120")
    older = OFX[: OFX.index("<INVPOSLIST>")] + OFX[OFX.index("</INVSTMTRS>") :]
    for new, old in (
        ("20240201", "20240301"), ("20240228", "20240306"), ("20240205", "20240304"),
        ("<FITID>0", "<FITID>1"), ("<UNITS>6", "<UNITS>4"), ("<TOTAL>-302", "<TOTAL>-202"),
    ):  # fmt: skip
        older = older.replace(old, new)
    await import_text(harness, older, filename="older.ofx")
    row = (await held(harness))["AAPL"]
    assert lots_of(row) == [("2024-02-05", "6", "302.00"), ("2024-03-04", "4", "202.00")]
    assert (await whole(harness)).completeness.lots == ()
