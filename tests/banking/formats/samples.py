"""Made-up files in the layouts of real institutions, shared by the tests of this folder."""

import os
from pathlib import Path

import pytest

SCHWAB = b""""Transactions  for account XXXX-3910 as of 01/20/2024 21:16:49 ET"
"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount",
"01/19/2024 as of 01/18/2024","Bank Interest","","BANK INT 121623-011524","","","","$0.11",
"01/18/2024","Buy","F","FORD MOTOR CO","10","$14.39","$8.95","-$152.85",
"01/17/2024","Sell","AAPL","APPLE INC","1,000","$190.00","$0.25","$189,999.75",
"01/16/2024","Reinvest Shares","SWPPX","SCHWAB S&P 500","0.5","$70.00","","-$35.00",
"01/16/2024","Reinvest Dividend","SWPPX","SCHWAB S&P 500","","","","$35.00",
"01/12/2024","Stock Split","NVDA","NVIDIA CORP","90","","","",
"01/11/2024","MoneyLink Transfer","","Tfr BANK","","","","-$500.00",
"01/10/2024","Journaled Shares","TSLA","TESLA INC","5","","","",
"01/09/2024","NRA Tax Adj","AAPL","APPLE INC","","","","-$3.00",
"01/08/2024","Sell to Open","AAPL 02/16/2024 200.00 C","CALL APPLE INC","2","$1.50","$1.32","$298.68",
"Transactions Total","","","","","","","$189642.69"
"""

FIDELITY = b"""

Run Date,Account,Account Number,Action,Symbol,Description,Type,Price ($),Quantity,Commission ($),Fees ($),Accrued Interest ($),Amount ($),Cash Balance ($),Settlement Date
12/03/2025,"ROTH IRA","Z12345678","YOU SOLD ISHARES BOND ETF (ICSH) (Cash)",ICSH,"ISHARES BOND ETF",Cash,50.6,-77,,0.05,,3896.15,99.79,12/04/2025
12/02/2025,"ROTH IRA","Z12345678","YOU BOUGHT PROSPECTUS UNDER SEPARATE COVER FIDELITY CONTRAFUND (FCNTX) (Cash)",FCNTX,"FIDELITY CONTRAFUND",Cash,24.92,244.382,,,,-6090,-6067.06,12/03/2025
11/28/2025,"ROTH IRA","Z12345678","REINVESTMENT FIDELITY GOVERNMENT MONEY MARKET (SPAXX) (Cash)",SPAXX,"FIDELITY GOVERNMENT MONEY MARKET",Cash,1,21.45,,,,-21.45,22.94,
11/28/2025,"ROTH IRA","Z12345678","DIVIDEND RECEIVED FIDELITY GOVERNMENT MONEY MARKET (SPAXX) (Cash)",SPAXX,"FIDELITY GOVERNMENT MONEY MARKET",Cash,,0.000,,,,21.45,22.94,
11/26/2025,"Joint","X98765432","DIRECT DEPOSIT EMPLOYER (Cash)",,"No Description",Cash,,0.000,,,,1000,1000,
11/25/2025,"Joint","X98765432","FEE CHARGED ADR",BABA,"ALIBABA",Cash,,,,,,-1.20,0,

"The data and information in this spreadsheet is provided to you solely for your use."
"Date downloaded 12/05/2025 11:07 am"
"""

IBKR_ACTIVITY = '''\ufeffStatement,Header,Field Name,Field Value
Statement,Data,BrokerName,Interactive Brokers
Statement,Data,Period,"January 1, 2025 - December 31, 2025"
Account Information,Header,Field Name,Field Value
Account Information,Data,Account,U1234567
Account Information,Data,Base Currency,CHF
Cash Report,Header,Currency Summary,Currency,Total,Securities,Futures
Cash Report,Data,Ending Cash,Base Currency Summary,3500,3500,0
Cash Report,Data,Ending Cash,USD,1049.4,1049.4,0
Open Positions,Header,DataDiscriminator,Asset Category,Currency,Symbol,Quantity,Mult,Cost Price,Cost Basis,Close Price,Value,Unrealized P/L,Code
Open Positions,Data,Summary,Stocks,USD,VTI,40,1,62.5,2500,65,2600,100,
Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Proceeds,Comm/Fee,Basis,Realized P/L,MTM P/L,Code
Trades,Data,Order,Stocks,USD,VTI,"2025-03-03, 09:30:00",10,250.123,251,-2501.23,-1,2502.23,0,8.77,O
Trades,Data,Trade,Stocks,USD,VTI,"2025-03-03, 09:30:00",10,250.123,251,-2501.23,-1,2502.23,0,8.77,O
Trades,SubTotal,,Stocks,USD,VTI,,10,,,-2501.23,-1,2502.23,0,8.77,
Trades,Data,Order,Equity and Index Options,USD,VTI 20JUN25 260 C,"2025-06-20, 16:20:00",-1,0,0,0,0,0,0,0,C;Ep
Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,,Proceeds,Comm in CHF,,,MTM in CHF,Code
Trades,Data,Order,Forex,CHF,USD.CHF,"2025-03-01, 22:00:00","1,000",0.9,,-900.004,-1.8,,,0,
Deposits & Withdrawals,Header,Currency,Settle Date,Description,Amount
Deposits & Withdrawals,Data,CHF,2025-02-01,Electronic Fund Transfer,"5,000"
Deposits & Withdrawals,Data,Total,,,5000
Dividends,Header,Currency,Date,Description,Amount
Dividends,Data,USD,2025-04-01,VTI(US9229087690) Cash Dividend USD 0.5 per Share (Ordinary Dividend),5
Dividends,Data,Total,,,5
Withholding Tax,Header,Currency,Date,Description,Amount,Code
Withholding Tax,Data,USD,2025-04-01,VTI(US9229087690) Cash Dividend USD 0.5 per Share - US Tax,-0.75,
Interest,Header,Currency,Date,Description,Amount
Interest,Data,USD,2025-04-03,USD Credit Interest for Mar-2025,1.42
Fees,Header,Subtitle,Currency,Date,Description,Amount
Fees,Data,Other Fees,USD,2025-04-03,Market Data,-1.5
Fees,Data,Total,,,,-1.5
Corporate Actions,Header,Asset Category,Currency,Report Date,Date/Time,Description,Quantity,Proceeds,Value,Realized P/L,Code
Corporate Actions,Data,Stocks,USD,2025-06-18,"2025-06-17, 20:25:00","VTI(US9229087690) Split 4 for 1 (VTI, VANGUARD TOTAL STOCK MKT ETF, US9229087690)",30,0,0,0,
Financial Instrument Information,Header,Asset Category,Symbol,Description,Conid,Security ID,Underlying,Listing Exch,Multiplier,Type,Code
Financial Instrument Information,Data,Stocks,VTI,VANGUARD TOTAL STOCK MKT ETF,12340041,US9229087690,VTI,ARCA,1,ETF,
'''.encode()  # fmt: skip

IBKR_FLEX = b""""BOF","U15772871","Activity","2","20250530","20260529","20260530;060712"
"BOS","TRNT","Trades; trade date basis"
"ClientAccountID","CurrencyPrimary","AssetClass","Symbol","Description","Conid","ISIN","TradeID","DateTime","TradeDate","Quantity","TradePrice","Proceeds","Taxes","IBCommission","IBCommissionCurrency","NetCash","Buy/Sell","TransactionID"
"U0000001","USD","STK","AAPL","APPLE INC","265598","US0378331005","71","2026-01-05;10:00:00 EST","2026-01-05","10","100","-1000","0","-1","USD","-1001","BUY","9001"
"U0000001","USD","STK","AAPL","APPLE INC","265598","US0378331005","72","20260109;140000","20260109","-4","110","440","0","-1","EUR","440","SELL","9002"
"EOS","TRNT","2","0"
"BOS","CTRN","Cash Transactions"
"ClientAccountID","CurrencyPrimary","AssetClass","Symbol","Conid","ISIN","Description","Date/Time","Amount","Type","TransactionID"
"U0000001","USD","STK","AAPL","265598","US0378331005","AAPL CASH DIVIDEND","2026-01-10","2.4","Dividends","9003"
"U0000001","EUR","","","","","CASH RECEIPTS","2026-01-02","500","Deposits/Withdrawals","9004"
"EOS","CTRN","2","0"
"""

COINBASE = """
Transactions
User,First Last,0000-uuid-1234
ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,Total (inclusive of fees and/or spread),Fees and/or Spread,Notes
a1,2024-01-01 10:00:00 UTC,Buy,BTC,0.01,EUR,"€40,000.00",€400.00,€405.99,€5.99,Bought 0.01 BTC for €405.99 EUR
a2,2024-01-02 10:00:00 UTC,Advanced Trade Sell,SOL,-0.5,EUR,€200.00,€100.00,€99.40,€0.60,Sold 0.5 SOL for 99.40 EUR on SOL-EUR at 200 EUR/SOL
a3,2024-01-03 10:00:00 UTC,Staking Income,ETH,0.0001,EUR,€2000.00,€0.20,€0.20,€0.00,
a4,2024-01-04 10:00:00 UTC,Send,BTC,-0.005,EUR,€41000,-€205.00,-€205.00,€0.00,Sent 0.005 BTC to bc1q
a5,2024-01-05 10:00:00 UTC,Convert,ETH,-0.5,EUR,€2000,€1000,€1000,€0.00,Converted 0.5 ETH to 0.025 BTC
a6,2024-01-06 10:00:00 UTC,Deposit,EUR,1000,EUR,€1.00,"€1,000.00","€1,000.00",€0.00,Deposit
a7,2024-01-07 10:00:00 UTC,Mystery,BTC,1,EUR,€1.00,€1.00,€1.00,€0.00,What
""".encode()

KRAKEN_LEDGERS = b""""txid","refid","time","type","subtype","aclass","asset","wallet","amount","fee","balance"
"L1","R1","2024-01-05 12:00:00","deposit","","currency","ZEUR","spot / main",1000.0000,0,1000.0000
"","R9","2024-01-05 11:59:00","deposit","","currency","ZEUR","spot / main",1000.0000,0,""
"L2","T1","2024-03-19 19:43:31","trade","tradespot","currency","ZEUR","spot / main",-100.0000,0.1800,899.8200
"L3","T1","2024-03-19 19:43:31","trade","tradespot","currency","XXBT","spot / main",0.0020000000,0,0.0020000000
"L4","T2","2024-03-20 10:00:00","trade","tradespot","currency","XXBT","spot / main",-0.0010000000,0.0000010000,0.0009990000
"L5","T2","2024-03-20 10:00:00","trade","tradespot","currency","XETH","spot / main",0.0200000000,0,0.0200000000
"L6","S1","2024-03-21 10:00:00","staking","","currency","DOT28.S","spot / main",0.5000000000,0,0.5
"L7","W1","2024-03-22 10:00:00","withdrawal","","currency","XXBT","spot / main",-0.0005000000,0.0000100000,0.0
"L8","C1","2024-03-23 10:00:00","spend","","currency","ZEUR","spot / main",-50.0,0.25,849.57
"L9","C1","2024-03-23 10:00:00","receive","","currency","ZUSD","spot / main",54.0,0,54.0
"""

KRAKEN_TRADES = b""""txid","ordertxid","pair","time","type","ordertype","price","cost","fee","vol","margin","misc","ledgers"
"TA","OA","XXBTZEUR","2024-03-19 19:43:31.1234","buy","limit",50000.00,100.00,0.18,0.002,0,"","L2,L3"
"TB","OB","ETH/XBT","2024-03-20 10:00:00","sell","market",0.05,0.001,0.000001,0.02,0,"","L4,L5"
"""

BANK = """Kontoauszug;;;;
;;;;
Buchungstag;Wertstellung;Auftraggeber/Empfänger;Verwendungszweck;Betrag;Währung
13.01.2024;14.01.2024;"Bäckerei; Süd";Brot;-3,50;EUR
13.01.2024;14.01.2024;"Bäckerei; Süd";Brot;-3,50;EUR
02.01.2024;02.01.2024;Arbeitgeber;Gehalt;1.234,56;EUR
""".encode("cp1252")

QIF = b"""!Option:AutoSwitch
!Account
NChecking
TBank
$1,234.50
/1/25'04
^
!Type:Bank
D1/ 2'04
T-1,000.00
PShop
LGroceries
^
D1/25'04
U-30.00
T-30.00
N101
PSplit
SFood
Eapples
$-20.00
S[Savings]
$-10.00
^
!Account
NBroker
TInvst
^
!Type:Security
NAcme Corp
SACME
TStock
^
!Type:Invst
D1/26'04
NBuyX
YAcme Corp
I10.5
Q100
T1,057.95
O7.95
L[Checking]
^
D1/27'04
NReinvDiv
YAcme Corp
I10
Q1
T10
^
D1/28'04
NStkSplit
YAcme Corp
Q20
^
D1/29'04
NShrsOut
YAcme Corp
Q5
^
D1/29'04
NMiscExp
T2.50
^
D1/30'04
NSell
YAcme Corp
I11
Q10
T109
O1
^
"""

FLEX_XML = b"""<FlexQueryResponse queryName="q" type="AF"><FlexStatements count="1">
<FlexStatement accountId="U7" fromDate="20250101" toDate="20251231">
<AccountInformation accountId="U7" currency="EUR" acctAlias="main" />
<Trades><Trade accountId="U7" currency="USD" assetCategory="STK" symbol="AAPL" description="APPLE" conid="265598" isin="US0378331005" tradeID="5" dateTime="20250303;093000" quantity="10" tradePrice="100" proceeds="-1000" ibCommission="-1" ibCommissionCurrency="USD" buySell="BUY" levelOfDetail="EXECUTION" transactionID="77"/>
<Trade accountId="U7" currency="USD" assetCategory="CASH" symbol="EUR.USD" tradeID="6" dateTime="20250304;093000" quantity="-100" tradePrice="1.1" proceeds="110" ibCommission="-2" ibCommissionCurrency="EUR" buySell="SELL" levelOfDetail="EXECUTION" transactionID="78"/>
</Trades>
<CashTransactions><CashTransaction accountId="U7" currency="USD" type="Withholding Tax" amount="-1.5" dateTime="20250401" symbol="AAPL" isin="US0378331005" description="TAX" transactionID="79" levelOfDetail="DETAIL"/></CashTransactions>
<CorporateActions><CorporateAction accountId="U7" currency="USD" assetCategory="STK" symbol="AAPL" dateTime="20250602;202500" quantity="30" proceeds="0" description="AAPL(US0378331005) SPLIT 4 FOR 1 (AAPL, APPLE, US0378331005)"/></CorporateActions>
<OpenPositions><OpenPosition accountId="U7" currency="USD" symbol="AAPL" isin="US0378331005" position="40" markPrice="30" positionValue="1200" reportDate="20251231" levelOfDetail="SUMMARY"/></OpenPositions>
</FlexStatement></FlexStatements></FlexQueryResponse>
"""

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>
<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy><Svcr><FinInstnId><Nm>Bank</Nm></FinInstnId></Svcr></Acct>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">96.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2024-01-31</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">3.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2024-01-13</Dt></BookgDt><ValDt><Dt>2024-01-14</Dt></ValDt><AcctSvcrRef>REF1</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>E2E</EndToEndId></Refs><RltdPties><Cdtr><Nm>Bäckerei</Nm></Cdtr><CdtrAcct><Id><IBAN>DE99</IBAN></Id></CdtrAcct></RltdPties><RmtInf><Ustrd>Brot</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2024-01-15</Dt></BookgDt><AcctSvcrRef>REF2</AcctSvcrRef>
<NtryDtls><TxDtls><Amt Ccy="EUR">60.00</Amt></TxDtls><TxDtls><Amt Ccy="EUR">40.00</Amt></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">9.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts><BookgDt><Dt>2024-01-31</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
""".encode()

OFX = b"""OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

"""


def ofx_bank(rows: str) -> bytes:
    """Return an OFX 1 bank statement around STMTTRN rows."""
    return OFX + (
        "<OFX><BANKMSGSRSV1><STMTTRNRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD"
        "<BANKACCTFROM><BANKID>1<ACCTID>42<ACCTTYPE>CHECKING</BANKACCTFROM>\n<BANKTRANLIST>"
        f"<DTSTART>20240101<DTEND>20240131\n{rows}\n</BANKTRANLIST></STMTRS></STMTTRNRS>"
        "</BANKMSGSRSV1></OFX>"
    ).encode("cp1252")


def ofx_investment(rows: str, securities: str = "") -> bytes:
    """Return an OFX 1 investment statement around transaction elements."""
    return OFX + (
        "<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><DTASOF>20240131<CURDEF>USD<INVACCTFROM>"
        "<BROKERID>b<ACCTID>7</INVACCTFROM><INVTRANLIST><DTSTART>20240101<DTEND>20240131\n"
        f"{rows}\n</INVTRANLIST></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>"
        f"<SECLISTMSGSRSV1><SECLIST>{securities}</SECLIST></SECLISTMSGSRSV1></OFX>"
    ).encode("cp1252")


ALL = {
    "schwab.csv": SCHWAB,
    "fidelity.csv": FIDELITY,
    "ibkr_activity.csv": IBKR_ACTIVITY,
    "ibkr_flex.csv": IBKR_FLEX,
    "coinbase.csv": COINBASE,
    "kraken_ledgers.csv": KRAKEN_LEDGERS,
    "kraken_trades.csv": KRAKEN_TRADES,
    "bank.csv": BANK,
    "quicken.qif": QIF,
    "flex.xml": FLEX_XML,
    "camt.xml": CAMT,
    "bank.ofx": ofx_bank(
        "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240105<TRNAMT>-1,50<FITID>a<NAME>Caf\xe9</STMTTRN>"
    ),
}


def real_file(name: str) -> bytes:
    """Return a real OFX file of the shared data, or skip the test when it is not there."""
    where = os.environ.get("BURSAR_SHARED_DATA")
    root = Path(where or "../shared/data")
    path = root / "statements_ofx" / name
    if not path.exists():
        pytest.skip(f"the shared data is absent: {path}")
    return path.read_bytes()


REAL = (
    "bank_medium.ofx", "bank_small.ofx", "checking.ofx", "error_message.ofx", "fidelity.ofx",
    "investment_medium.ofx", "multiple_accounts.ofx", "ofx-v102-empty-tags.ofx",
    "signon_success.ofx", "suncorp.ofx", "td_ameritrade.ofx", "vanguard.ofx",
)  # fmt: skip
