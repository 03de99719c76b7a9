"""Options to their end: expiry, exercise and assignment, with numbers worked out by hand."""

from decimal import Decimal
from typing import Any

import pytest

from bursar.banking.calc.securities import contract_size
from bursar.banking.formats.statement import Security
from bursar.ledger.errors import InvalidActivity
from bursar.market.models.instruments import InstrumentKind
from tests.banking.build import import_text
from tests.harness import Harness
from tests.portfolio import build
from tests.portfolio.journey import held, ledger_lots, lots_of, measured, record, whole, worth

D = Decimal


@pytest.fixture
async def desk(harness: Harness) -> Harness:
    """10,000 in cash and 200 ACME bought at 40; a call and a put, 100 shares each."""
    build.stand_on(harness, "2024-03-22")
    await build.account(harness, allow_short=True)
    stock = await build.instrument(harness, "ACME")
    await build.price(harness, stock, {"2024-03-01": "50", "2024-03-15": "60", "2024-03-22": "62"})
    for name, first in (("CALL55", "3"), ("PUT45", "2")):
        option = await build.instrument(
            harness, name, kind=InstrumentKind.OPTION, multiplier=D(100), quantity_exponent=0
        )
        await build.price(harness, option, {"2024-03-01": first, "2024-03-14": "5"})
    await record(harness, "deposit", "2024-02-28", amount=18000)
    await record(harness, "buy", "2024-02-28", instrument="ACME", quantity=200, unit_price=40)
    return harness


async def trade(harness: Harness, kind: str, name: str, on: str, **fields: Any) -> None:
    await record(harness, kind, on, instrument=name, **fields)


@pytest.mark.requirement("LEDGER.03")
async def test_contracts_are_bought_and_valued_at_their_size(desk: Harness) -> None:
    await trade(desk, "buy", "CALL55", "2024-03-01", quantity=2, unit_price=3, fees=2)
    found = await whole(desk, as_of="2024-03-01")
    assert worth(found.cash) == D(10000 - 602)
    row = (await held(desk, as_of="2024-03-01"))["CALL55"]
    assert worth(row.value) == D(600)
    assert worth(row.cost) == D(602)


@pytest.mark.requirement("LEDGER.03")
@pytest.mark.parametrize("quantity", [{}, {"quantity": 2}])
async def test_expiry_loses_what_was_paid(desk: Harness, quantity: dict[str, int]) -> None:
    await trade(desk, "buy", "CALL55", "2024-03-01", quantity=2, unit_price=3, fees=2)
    await trade(desk, "option_expiry", "CALL55", "2024-03-15", **quantity)
    found = await whole(desk)
    assert "CALL55" not in await held(desk)
    assert worth(found.realised_gain) == D(-602)
    assert worth(found.total_gain) == D(200 * 22 - 602)
    assert [lot.code for lot in (await ledger_lots(desk)).items] == ["ACME"]


@pytest.mark.requirement("LEDGER.03")
async def test_expiry_of_a_written_option_keeps_the_premium(desk: Harness) -> None:
    await trade(desk, "sell", "PUT45", "2024-03-01", quantity=1, unit_price=2, fees=1)
    assert worth((await held(desk, as_of="2024-03-14"))["PUT45"].value) == D(-500)
    await trade(desk, "option_expiry", "PUT45", "2024-03-15")
    found = await whole(desk)
    assert worth(found.realised_gain) == D(199)
    assert worth(found.cash) == D(10000 + 199)


@pytest.mark.requirement("LEDGER.03")
async def test_an_exercised_call_adds_its_premium_to_the_cost(desk: Harness) -> None:
    await trade(desk, "buy", "CALL55", "2024-03-01", quantity=1, unit_price=3, fees=2)
    await trade(
        desk, "option_exercise", "CALL55", "2024-03-15", quantity=1, counter_instrument="ACME"
    )
    await trade(desk, "buy", "ACME", "2024-03-15", quantity=100, unit_price=55, fees=5)
    found = await whole(desk)
    # 100 x 55 + 5 + 302 of premium; nothing realised.
    assert worth(found.realised_gain) == 0
    row = (await held(desk))["ACME"]
    assert lots_of(row) == [("2024-02-28", "200", "8000.00"), ("2024-03-15", "100", "5807.00")]
    assert worth(found.cash) == D(10000 - 302 - 5505)
    assert worth(found.total_gain) == D(300 * 62 - 8000 - 5807)
    stored = (await ledger_lots(desk)).items
    assert [lot.remaining_cost for lot in stored] == [D(8000), D(5807)]
    bridge = (await measured(desk, start="2024-03-08")).bridge
    assert bridge.rounding == 0


@pytest.mark.requirement("LEDGER.03")
async def test_an_exercised_put_is_taken_off_the_proceeds(desk: Harness) -> None:
    await trade(desk, "buy", "PUT45", "2024-03-01", quantity=1, unit_price=2, fees=1)
    await trade(desk, "sell", "ACME", "2024-03-15", quantity=100, unit_price=45, fees=5)
    await trade(
        desk, "option_exercise", "PUT45", "2024-03-15", quantity=1, counter_instrument="ACME"
    )
    found = await whole(desk)
    assert worth(found.realised_gain) == D(4500 - 5 - 201 - 4000)
    assert worth(found.cost) == D(4000)


@pytest.mark.requirement("LEDGER.03")
async def test_an_assigned_call_adds_its_premium_to_the_proceeds(desk: Harness) -> None:
    await trade(desk, "sell", "CALL55", "2024-03-01", quantity=1, unit_price=3, fees=2)
    await trade(
        desk, "option_assignment", "CALL55", "2024-03-15", quantity=1, counter_instrument="ACME"
    )
    await trade(desk, "sell", "ACME", "2024-03-15", quantity=100, unit_price=55, fees=5)
    found = await whole(desk)
    assert worth(found.realised_gain) == D(5500 - 5 + 298 - 4000)
    assert set(await held(desk)) == {"USD", "ACME"}


@pytest.mark.requirement("LEDGER.03")
async def test_an_assigned_put_lowers_the_cost(desk: Harness) -> None:
    await trade(desk, "sell", "PUT45", "2024-03-01", quantity=1, unit_price=2, fees=1)
    await trade(
        desk, "option_assignment", "PUT45", "2024-03-15", quantity=1, counter_instrument="ACME"
    )
    await trade(desk, "buy", "ACME", "2024-03-15", quantity=100, unit_price=45)
    row = (await held(desk))["ACME"]
    assert lots_of(row)[1] == ("2024-03-15", "100", "4301.00")
    assert worth((await whole(desk)).realised_gain) == 0


async def test_without_the_trade_the_premium_is_realised_by_itself(desk: Harness) -> None:
    await trade(desk, "buy", "CALL55", "2024-03-01", quantity=1, unit_price=3)
    await trade(
        desk, "option_exercise", "CALL55", "2024-03-15", quantity=1, counter_instrument="ACME"
    )
    await trade(desk, "buy", "ACME", "2024-03-18", quantity=100, unit_price=55)
    assert worth((await whole(desk)).realised_gain) == D(-300)


async def test_what_was_not_held_cannot_expire(desk: Harness) -> None:
    with pytest.raises(InvalidActivity, match="nothing was held"):
        await trade(desk, "option_expiry", "CALL55", "2024-03-15")
    await trade(desk, "buy", "CALL55", "2024-03-01", quantity=1, unit_price=3)
    with pytest.raises(InvalidActivity, match="only 1 contracts"):
        await trade(desk, "option_expiry", "CALL55", "2024-03-15", quantity=2)


OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20240322
<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1><INVSTMTMSGSRSV1><INVSTMTTRNRS><TRNUID>1
<STATUS><CODE>0<SEVERITY>INFO</STATUS><INVSTMTRS><DTASOF>20240322<CURDEF>USD
<INVACCTFROM><BROKERID>broker.example<ACCTID>777</INVACCTFROM>
<INVTRANLIST><DTSTART>20240301<DTEND>20240322
<BUYOPT><INVBUY><INVTRAN><FITID>1<DTTRADE>20240301</INVTRAN><SECID><UNIQUEID>OPT1
<UNIQUEIDTYPE>OTHER</SECID><UNITS>1<UNITPRICE>3<COMMISSION>2<TOTAL>-302
<SUBACCTSEC>CASH<SUBACCTFUND>CASH</INVBUY><OPTBUYTYPE>BUYTOOPEN<SHPERCTRCT>100</BUYOPT>
<CLOSUREOPT><INVTRAN><FITID>2<DTTRADE>20240315</INVTRAN><SECID><UNIQUEID>OPT1
<UNIQUEIDTYPE>OTHER</SECID><OPTACTION>EXERCISE<UNITS>-1<SHPERCTRCT>100<SUBACCTSEC>CASH</CLOSUREOPT>
<BUYSTOCK><INVBUY><INVTRAN><FITID>3<DTTRADE>20240315</INVTRAN><SECID><UNIQUEID>000000001
<UNIQUEIDTYPE>CUSIP</SECID><UNITS>100<UNITPRICE>55<COMMISSION>5<TOTAL>-5505
<SUBACCTSEC>CASH<SUBACCTFUND>CASH</INVBUY><BUYTYPE>BUY</BUYSTOCK>
</INVTRANLIST></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>
<SECLISTMSGSRSV1><SECLIST><STOCKINFO><SECINFO><SECID><UNIQUEID>000000001
<UNIQUEIDTYPE>CUSIP</SECID><SECNAME>Acme Inc<TICKER>ACME</SECINFO></STOCKINFO>
<OPTINFO><SECINFO><SECID><UNIQUEID>OPT1<UNIQUEIDTYPE>OTHER</SECID><SECNAME>ACME MAR 55 CALL
<TICKER>ACME240315C00055000</SECINFO><OPTTYPE>CALL<STRIKEPRICE>55<DTEXPIRE>20240315
<SHPERCTRCT>100</OPTINFO></SECLIST></SECLISTMSGSRSV1></OFX>
"""


@pytest.mark.requirement("IMPORT.01", "LEDGER.03")
async def test_an_exercise_in_a_statement(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-22")
    await import_text(harness, OFX, filename="broker.ofx")
    before = await held(harness, as_of="2024-03-14")
    assert worth(before["ACME240315C00055000"].value) == D(300)  # 100 shares at the price paid
    assert worth(before["ACME240315C00055000"].cost) == D(302)
    rows = await held(harness)
    assert lots_of(rows["ACME"]) == [("2024-03-15", "100", "5807.00")]
    assert worth((await whole(harness)).realised_gain) == 0
    assert "ACME240315C00055000" not in rows
    again = await import_text(harness, OFX, filename="broker.ofx")
    assert again.added == 0


SCHWAB = """"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"
"03/18/2024","Expired","ACME 03/15/2024 45.00 P","PUT ACME INC $45 EXP 03/15/24","1","","",""
"03/15/2024","Sell","ACME","ACME INC","100","$55.00","","$5500.00"
"03/15/2024","Assigned","ACME 03/15/2024 55.00 C","CALL ACME INC $55 EXP 03/15/24","1","","",""
"03/01/2024","Sell to Open","ACME 03/15/2024 55.00 C","CALL ACME INC $55 EXP 03/15/24","1","$3.00","$2.00","$298.00"
"03/01/2024","Sell to Open","ACME 03/15/2024 45.00 P","PUT ACME INC $45 EXP 03/15/24","1","$2.00","$1.00","$199.00"
"03/01/2024","Buy","ACME","ACME INC","100","$40.00","","-$4000.00"
"""


@pytest.mark.requirement("IMPORT.01", "LEDGER.03")
async def test_an_assignment_and_an_expiry_in_a_csv(harness: Harness) -> None:
    build.stand_on(harness, "2024-03-22")
    await build.account(harness, "Schwab", allow_short=True)
    await import_text(harness, SCHWAB, filename="schwab.csv", account="Schwab")
    found = await whole(harness)
    # Shares: 5,500 + 298 of premium for a cost of 4,000; the put's premium of 199 is kept.
    assert worth(found.realised_gain) == D(5500 + 298 - 4000 + 199)
    assert set(await held(harness)) == {"USD"}


@pytest.mark.parametrize(
    ("kind", "stated", "size"),
    [("option", None, 100), ("option", "10", 10), ("stock", None, 1), ("option", "0", 100)],
)
def test_a_contract_counts_as_the_file_says_or_as_listed_options_do(
    kind: str, stated: str | None, size: int
) -> None:
    option = Security.model_validate({"key": "X", "kind": kind, "multiplier": stated})
    assert contract_size(option) == size


async def test_an_option_without_a_price_is_worth_what_was_paid(desk: Harness) -> None:
    await build.instrument(
        desk, "NOPRICE", kind=InstrumentKind.OPTION, multiplier=D(100), quantity_exponent=0
    )
    await trade(desk, "buy", "NOPRICE", "2024-03-01", quantity=2, amount=700)
    row = (await held(desk))["NOPRICE"]
    assert (row.price, worth(row.value)) == (D("3.5"), D(700))
