"""Interactive Brokers' Flex query as XML: the rows of `ibkr_records` as attributes."""

from functools import partial

from bursar.banking.formats.csv_presets.ibkr_actions import read_corporate_action
from bursar.banking.formats.csv_presets.ibkr_flex import field_name
from bursar.banking.formats.draft import AccountDraft, assemble
from bursar.banking.formats.ibkr_records import FlexRow, read_cash, read_position, read_trade
from bursar.banking.formats.problems import Problem, ProblemLog, refusal
from bursar.banking.formats.statement import AccountKind, Format, Statement
from bursar.banking.formats.xml_tree import XmlNode, parse_xml

_ROWS = {
    ("Trades", "Trade"): read_trade,
    ("CashTransactions", "CashTransaction"): read_cash,
    ("OpenPositions", "OpenPosition"): read_position,
}
_INFORMATION = frozenset(
    [
        "AccountInformation",
        "SecuritiesInfo",
        "ConversionRates",
        "EquitySummaryInBase",
        "CashReport",
        "NAV",
        "ChangeInNAV",
        "MTMPerformanceSummaryInBase",
        "FIFOPerformanceSummaryInBase",
        "OpenDividendAccruals",
        "ChangeInDividendAccruals",
        "InterestAccruals",
        "NetStockPositionSummary",
        "StmtFunds",
        "TierInterestDetails",
        "PriorPeriodPositions",
        "FxPositions",
        "FxLots",
        "Orders",
        "OptionEAE",
        "TransactionTaxes",
        "TradeConfirms",
    ]
)


def read_flex_xml(data: bytes) -> tuple[Statement, tuple[Problem, ...]]:
    """Read a FlexQueryResponse. Raises FormatError when it holds no statement."""
    log = ProblemLog()
    root = parse_xml(data)
    drafts: list[AccountDraft] = []
    for group in (node for node in root.children if node.tag == "FlexStatements"):
        drafts.extend(
            _statement(node, log)
            for node in group.children
            if isinstance(node, XmlNode) and node.tag == "FlexStatement"
        )
    if not drafts:
        message = root.get("ErrorMessage") or "the file holds no FlexStatement"
        raise refusal("no_statement", message, line=root.line)
    return assemble(Format.IBKR_FLEX_XML, drafts), log.done()


def _statement(node: XmlNode, log: ProblemLog) -> AccountDraft:
    info = node.find("AccountInformation")
    facts = info.attributes if isinstance(info, XmlNode) else {}
    draft = AccountDraft(
        log,
        external_id=node.attributes.get("accountId", ""),
        institution="Interactive Brokers",
        name=facts.get("acctAlias") or None,
        kind=AccountKind.BROKERAGE,
        currency=facts.get("currency") or None,
    )
    for section in node.children:
        for child in section.children:
            if not isinstance(child, XmlNode):
                continue
            values = {field_name(key): value for key, value in child.attributes.items()}
            row = FlexRow(draft, child.line, values)
            reader = _ROWS.get((section.tag, child.tag))
            if reader is not None:
                reader(row)
            elif (section.tag, child.tag) == ("CorporateActions", "CorporateAction"):
                read_corporate_action(row, partial(_hold, row))
            elif section.tag not in _INFORMATION and section.tag != "Trades":
                message = f"the section <{section.tag}> is not known and was left out"
                log.add(section.line, "unknown_section", message)
                break
    return draft


def _hold(row: FlexRow, symbol: str, isin: str) -> str | None:
    named = FlexRow(row.draft, row.line, {"isin": isin} | dict(row.values) | {"symbol": symbol})
    return named.hold()
