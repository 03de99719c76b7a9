"""What the columns of an unknown CSV mean: a `Mapping` that is guessed, shown, mended and saved.

The guess looks at the headers first (in six languages) and at the cells second: a column called
Date that holds no dates is not the date. It says why it chose each column, so that a person can
disagree with it.
"""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bursar.banking.formats.csv_table import column_name
from bursar.banking.formats.dates import DateOrder, orders_of
from bursar.banking.formats.numbers import DecimalMark, decimal_mark_of, parse_number
from bursar.banking.formats.statement import AccountKind, ActivityKind, Currency, Name

Column = Annotated[str, Field(min_length=1, max_length=200)]
_HEADER_MAX = 200
_SHARE_OF_CELLS = 0.9
# A column whose name says what it is may hold bad cells: they are reported row by row.
_SHARE_OF_NAMED_CELLS = 0.5
_CONFIDENT_HEADER = 0.95
_LOOSE_HEADER = 0.75
_BY_CONTENT = 0.5


class KindRule(BaseModel):
    """What a text of the kind column means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Name = Field(description="Text as it stands in the column.")
    kind: ActivityKind = Field(description="Kind of activity it stands for.")


class Mapping(BaseModel):
    """Which column holds what, and how its texts are to be read. Columns are header names.

    `sign`: `as_written` (money out is negative), `inverted` (card statements on which spending is
    positive) or `by_kind` (amounts have no sign and the kind gives it).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name | None = Field(None, description="Name under which the mapping is saved.")
    date: Column = Field(description="Column of the booking date.")
    amount: Column | None = Field(None, description="Column of the amount; else debit and credit.")
    debit: Column | None = Field(None, description="Column of money out.")
    credit: Column | None = Field(None, description="Column of money in.")
    settles_on: Column | None = Field(None, description="Column of the settlement date.")
    kind: Column | None = Field(
        None, description="Column that says what kind of activity a row is."
    )
    currency: Column | None = Field(None, description="Column of the currency code.")
    payee: Column | None = Field(None, description="Column of the other party.")
    memo: Column | None = Field(None, description="Column of the free text.")
    category: Column | None = Field(None, description="Column of the category.")
    external_id: Column | None = Field(
        None, description="Column of the institution's id of the row."
    )
    reference: Column | None = Field(
        None, description="Column that ties rows of one activity together."
    )
    counter_account: Column | None = Field(None, description="Column of the other party's account.")
    account: Column | None = Field(None, description="Column of the own account.")
    symbol: Column | None = Field(None, description="Column of the ticker.")
    isin: Column | None = Field(None, description="Column of the ISIN.")
    security_name: Column | None = Field(None, description="Column of the security's name.")
    quantity: Column | None = Field(None, description="Column of the units traded.")
    unit_price: Column | None = Field(None, description="Column of the price of one unit.")
    fees: Column | None = Field(None, description="Column of the fees.")
    taxes: Column | None = Field(None, description="Column of the taxes.")
    balance: Column | None = Field(None, description="Column of the balance after the row.")
    date_format: DateOrder | None = Field(
        None, description="Order of day, month and year; default: found out from all rows."
    )
    time_zone: str = Field("UTC", max_length=60, description="Time zone of the times.")
    decimal_mark: DecimalMark | None = Field(
        None, description="Decimal mark; default: found out from all rows."
    )
    sign: Literal["as_written", "inverted", "by_kind"] = Field(
        "as_written", description="as_written, inverted or by_kind."
    )
    kinds: tuple[KindRule, ...] = Field(
        (), max_length=500, description="What the texts of the kind column mean."
    )
    default_currency: Currency | None = Field(None, description="Currency of rows that name none.")
    account_id: Name = Field("", description="The own account's number, when no column has it.")
    account_kind: AccountKind = Field(AccountKind.UNKNOWN, description="Kind of the own account.")
    institution: Name | None = Field(None, description="Name of the bank, broker or exchange.")

    def columns(self) -> dict[str, str]:
        """Return the header by field, for the fields that have a column."""
        found = {field: getattr(self, field) for field in COLUMN_FIELDS}
        return {field: header for field, header in found.items() if header is not None}


COLUMN_FIELDS = (
    "date", "amount", "debit", "credit", "settles_on", "kind", "currency", "payee", "memo",
    "category", "external_id", "reference", "counter_account", "account", "symbol", "isin",
    "security_name", "quantity", "unit_price", "fees", "taxes", "balance",
)  # fmt: skip


class MappingGuess(BaseModel):
    """A proposed mapping, how sure it is (0 to 1) and why; `mapping` is None without a date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mapping: Mapping | None
    confidence: float
    reasons: tuple[str, ...]


_HEADERS = {
    "date": "date|transaction date|trade date|posting date|posted date|post date|booking date"
    "|completed date|value date|datum|buchungstag|buchungsdatum|date operation|date de l'opération"
    "|date comptable|fecha|fecha operación|fecha de operación|data|data operazione|boekdatum|time"
    "|timestamp|date/time|datetime|started date|date utc|created",
    "settles_on": "settlement date|settle date|valuta|valutadatum|wertstellung|value date"
    "|date valeur|date de valeur|fecha valor|data valuta",
    "amount": "amount|transaction amount|net amount|total|total amount|betrag|umsatz|montant"
    "|importe|importo|bedrag|value|amount (gbp)|amount (eur)|amount (usd)|betrag (eur)|sum",
    "debit": "debit|debit amount|withdrawal|withdrawals|withdrawal amount|paid out|money out|soll"
    "|belastung|lastschrift|débit|debito|débito|cargo|uscite|dare|af|out|money sent|addebiti",
    "credit": "credit|credit amount|deposit|deposits|deposit amount|paid in|money in|haben"
    "|gutschrift|crédit|credito|crédito|abono|entrate|avere|bij|in|money received|accrediti",
    "kind": "type|transaction type|action|kind|activity type|activity|typ|art|buchungstext|tipo",
    "currency": "currency|ccy|currency code|währung|waehrung|devise|moneda|divisa|valuta|munt",
    "payee": "payee|merchant|merchant name|name|description|transaction description|counterparty"
    "|beneficiary|counter party|auftraggeber/empfänger|empfänger|begünstigter/zahlungspflichtiger"
    "|name zahlungsbeteiligter|libellé|libelle|concepto|descrizione|omschrijving|descripción|text"
    "|naam / omschrijving|details|narrative|auftraggeber / begünstigter",
    "memo": "memo|notes|note|verwendungszweck|details|remarks|communication|mededelingen"
    "|information|comment|comments|additional information|transaction details|observaciones",
    "category": "category|kategorie|catégorie|categoría|categoria|categorie",
    "external_id": "transaction id|id|fitid|transaction number|trade id|order id|txid"
    "|transaktions-id|unique id|transaction reference",
    "reference": "reference|reference number|check number|check|cheque number|referenz|ref|kundenreferenz",
    "counter_account": "iban|counterparty iban|kontonummer/iban|tegenrekening|iban zahlungsbeteiligter"
    "|transfer account|to account|counter account",
    "account": "account|account number|account name|account id|konto|auftragskonto|compte|cuenta"
    "|rekening|iban auftragskonto",
    "symbol": "symbol|ticker|ticker symbol|instrument|asset|coin",
    "isin": "isin|isin code",
    "security_name": "security|security name|instrument name|wertpapier|wertpapiername|stock|fund",
    "quantity": "quantity|shares|units|qty|no. of shares|stück|anzahl|nombre|cantidad|quantità|aantal",
    "unit_price": "price|unit price|price per share|price / share|kurs|cours|precio|prezzo|koers",
    "fees": "fees|fee|commission|commissions|gebühr|gebühren|provision|frais|comisión|commissioni",
    "taxes": "tax|taxes|withholding tax|steuer|steuern|impôt|taxe|impuestos",
    "balance": "balance|running balance|account balance|saldo|kontostand|solde|closing balance",
}  # fmt: skip
_SYNONYMS = {field: tuple(names.split("|")) for field, names in _HEADERS.items()}
_NUMERIC = frozenset(
    {"amount", "debit", "credit", "quantity", "unit_price", "fees", "taxes", "balance"}
)
_ISIN = re.compile(r"^[A-Z]{2}[A-Z0-9]{9}\d$")
_SYMBOLS = {"€": "EUR", "£": "GBP"}
_MONEY_MARK = re.compile(
    r"€|£|\b(?:EUR|USD|GBP|CHF|CAD|AUD|NZD|JPY|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|INR|CNY|HKD|SGD"
    r"|ZAR|BRL|MXN|ILS|KRW|THB)\b"
)
_CODE = re.compile(r"^[A-Za-z]{3}$")


def _is_number(text: str) -> bool:
    try:
        parse_number(text)
    except ValueError:
        return False
    return True


_CHECKS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(_NUMERIC, _is_number),
    "date": lambda text: bool(orders_of([text])),
    "settles_on": lambda text: bool(orders_of([text])),
    "currency": lambda text: _CODE.match(text) is not None,
    "isin": lambda text: _ISIN.match(text) is not None,
}


def _header_score(field: str, header: str) -> float:
    name = column_name(header)
    if name in _SYNONYMS[field]:
        return 1.0 - 0.001 * _SYNONYMS[field].index(name)
    words = set(re.split(r"[^\w]+", name))
    is_loose = any(s in words for s in _SYNONYMS[field] if len(s) > len("out"))
    return _LOOSE_HEADER if is_loose else 0.0


def _fits(field: str, cells: Sequence[str], share: float = _SHARE_OF_CELLS) -> bool:
    check = _CHECKS.get(field)
    filled = [cell.strip() for cell in cells if cell.strip()]
    if check is None:
        return True
    if not filled:
        return field in {"debit", "credit", "fees", "taxes", "settles_on", "quantity", "unit_price"}
    return sum(check(cell) for cell in filled) >= share * len(filled)


def _is_header(text: str) -> bool:
    return bool(text.strip()) and len(text) <= _HEADER_MAX


def guess_mapping(headers: Sequence[str], sample_rows: Sequence[Sequence[str]]) -> MappingGuess:
    """Propose what the columns mean from their names and up to 200 rows of cells."""
    sample = sample_rows[:200]
    cells = {
        h: [r[i] for r in sample if i < len(r)] for i, h in enumerate(headers) if _is_header(h)
    }
    chosen: dict[str, str] = {}
    scores: dict[str, float] = {}
    reasons: list[str] = []
    ranked = sorted(
        ((_header_score(f, h), f, h) for f in COLUMN_FIELDS for h in cells),
        key=lambda item: -item[0],
    )
    for score, field, header in ranked:
        if score == 0 or field in chosen or header in chosen.values():
            continue
        share = _SHARE_OF_NAMED_CELLS if score >= _CONFIDENT_HEADER else _SHARE_OF_CELLS
        if _fits(field, cells[header], share):
            chosen[field], scores[field] = header, score
            reasons.append(f"{field}: the column is called {header!r}")
        else:
            reasons.append(f"{field}: not {header!r}, whose cells do not fit")
    _by_content(cells, chosen, scores, reasons)
    if "debit" in chosen and "credit" in chosen and "amount" in chosen:
        reasons.append("amount: left out, debit and credit say the same")
        del chosen["amount"]
    elif "amount" in chosen:
        chosen.pop("debit", None)
        chosen.pop("credit", None)
    has_amount = bool({"amount", "debit", "credit"} & set(chosen))
    if "date" not in chosen or not (has_amount or "quantity" in chosen):
        missing = "date" if "date" not in chosen else "amount"
        return MappingGuess(
            mapping=None, confidence=0.0, reasons=(*reasons, f"{missing}: no column fits")
        )
    return _complete(chosen, scores, cells, reasons)


def _by_content(
    cells: dict[str, list[str]],
    chosen: dict[str, str],
    scores: dict[str, float],
    reasons: list[str],
) -> None:
    """Find the date and the amount by their cells where no header names them."""
    for field in ("date", "amount"):
        if field in chosen or (field == "amount" and {"debit", "credit", "quantity"} & set(chosen)):
            continue
        for header, texts in cells.items():
            if (
                header not in chosen.values()
                and any(t.strip() for t in texts)
                and _fits(field, texts)
            ):
                chosen[field], scores[field] = header, _BY_CONTENT
                reasons.append(f"{field}: the cells of {header!r} look like it")
                break


def _complete(
    chosen: dict[str, str],
    scores: dict[str, float],
    cells: dict[str, list[str]],
    reasons: list[str],
) -> MappingGuess:
    """Add date order, decimal mark and sign, and say how sure the whole is."""
    required = [f for f in ("date", "amount", "debit", "credit", "quantity") if f in chosen]
    confidence = min(scores[f] for f in required)
    orders = orders_of(cells[chosen["date"]])
    if len(orders) == 1:
        reasons.append(f"date_format: {orders[0]}, the only order that reads every date shown")
    else:
        reasons.append("date_format: the dates shown do not decide it")
    numeric = [text for f in _NUMERIC if f in chosen for text in cells[chosen[f]]]
    mark = decimal_mark_of(numeric)
    sign: Literal["as_written", "by_kind"] = "as_written"
    amounts = [text.strip() for text in cells.get(chosen.get("amount", ""), [])]
    if (
        "kind" in chosen
        and amounts
        and not any(t.startswith(("-", "(", "\u2212")) or t.endswith("-") for t in amounts)
    ):
        sign = "by_kind"
        reasons.append("sign: no amount is negative, so the kind gives the sign")
    order = orders[0] if len(orders) == 1 else None
    settled: dict[str, str | None] = {"date_format": order, "decimal_mark": mark, "sign": sign}
    code = None if "currency" in chosen else _stated_currency(chosen, cells)
    if code is not None:
        settled["default_currency"] = code
        reasons.append(f"default_currency: {code}, named beside the amounts")
    mapping = Mapping.model_validate(chosen | settled)
    return MappingGuess(mapping=mapping, confidence=round(confidence, 3), reasons=tuple(reasons))


def _stated_currency(chosen: dict[str, str], cells: dict[str, list[str]]) -> str | None:
    """Return the one currency that the headers or cells of the amounts name, such as `(EUR)`."""
    columns = [chosen[field] for field in ("amount", "debit", "credit") if field in chosen]
    for texts in (columns, [text for column in columns for text in cells[column]]):
        marks = {mark for text in texts for mark in _MONEY_MARK.findall(text)}
        codes = {_SYMBOLS.get(mark, mark) for mark in marks}
        if codes:
            return codes.pop() if len(codes) == 1 else None
    return None
