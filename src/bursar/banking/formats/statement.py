"""The neutral model every reader fills, and the key by which a re-import adds nothing twice.

An activity is known by its source's own id where the source gives one that is stable (an OFX
FITID, a Kraken txid). Where there is none, it is known by `content_hash`: a SHA-256 over the
account and the fields the source stated, plus an occurrence number. The number counts identical
activities of the same account: two equal coffees on one day are occurrence 0 and 1, so both are
kept. The day is part of what is compared, so the count starts anew each day: a statement of June
and one of mid-June to July, or a file sorted the other way round, number the same coffees alike,
and reading either again adds nothing. What varies between two downloads of one movement (its line,
its grouping, a category that the user changes) is left out of the hash, and so is `kind`, which is
this program's reading of the row and may get better from one version to the next.

Signs: `amount` is the cash effect on the account (money in is positive) and already contains
`fees` and `taxes`, which are positive when they cost. `quantity` is the effect on the units held.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    model_validator,
)

from bursar.core.money import Amount, format_decimal

BYTES_MAX = 32 * 1024 * 1024
ROWS_MAX = 1_000_000
ACCOUNTS_MAX = 1_000
SECURITIES_MAX = 100_000
NOTES_MAX = 200
_YEAR_MIN = 1800
_YEAR_MAX = 2200
_ISO_DAY_LENGTH = 10


def _moment(value: object) -> date | datetime:
    """Accept a day, an aware moment, or the ISO text of either; a moment is turned into UTC."""
    if isinstance(value, str):
        is_day = len(value) == _ISO_DAY_LENGTH
        value = date.fromisoformat(value) if is_day else datetime.fromisoformat(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            msg = "a moment needs a time zone; a day without a time is written YYYY-MM-DD"
            raise ValueError(msg)
        try:
            value = value.astimezone(UTC)
        except OverflowError:
            msg = "the date is out of range"
            raise ValueError(msg) from None
    if not isinstance(value, date):
        msg = "write a day as YYYY-MM-DD or a moment as YYYY-MM-DDTHH:MM:SSZ"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError into a field error
    if not _YEAR_MIN <= value.year <= _YEAR_MAX:
        msg = f"the year {value.year} is outside {_YEAR_MIN} to {_YEAR_MAX}"
        raise ValueError(msg)
    return value


def _clean(value: object) -> object:
    """Drop control characters, which no statement means and a database refuses, and outer blanks."""
    if not isinstance(value, str):
        return value
    if not value.isprintable():
        value = "".join(c if c.isprintable() else " " for c in value if c != "\x00")
    return value.strip()


def _clean_or_none(value: object) -> object:
    """Clean a text; one that says nothing is no text."""
    return _clean(value) or None


def clean_key(value: object) -> object:
    """Clean a security's key and make every run of blanks one, so that it is written one way."""
    cleaned = _clean(value)
    return " ".join(cleaned.split()) if isinstance(cleaned, str) else cleaned


Moment = Annotated[
    date | datetime,
    PlainValidator(_moment, json_schema_input_type=str),
    PlainSerializer(lambda value: value.isoformat(), return_type=str, when_used="json"),
]
"""A day, or a moment in UTC where the source states a time."""

Text = Annotated[str, BeforeValidator(_clean), Field(max_length=4_000)]
Name = Annotated[str, BeforeValidator(_clean), Field(max_length=400)]
SecurityKey = Annotated[str, BeforeValidator(clean_key), Field(min_length=1, max_length=200)]
OptionalText = Annotated[
    Annotated[str, Field(max_length=4_000)] | None, BeforeValidator(_clean_or_none)
]
OptionalName = Annotated[
    Annotated[str, Field(max_length=400)] | None, BeforeValidator(_clean_or_none)
]
Currency = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9._-]{1,19}$")]
"""An ISO 4217 code, or the code of a coin in which an exchange keeps balances."""


class Format(StrEnum):
    """What a file is."""

    OFX = "ofx"
    QIF = "qif"
    CSV = "csv"
    CSV_BURSAR = "csv_bursar"
    CSV_SCHWAB = "csv_schwab"
    CSV_FIDELITY = "csv_fidelity"
    CSV_IBKR_ACTIVITY = "csv_ibkr_activity"
    CSV_IBKR_FLEX = "csv_ibkr_flex"
    CSV_COINBASE = "csv_coinbase"
    CSV_KRAKEN_LEDGERS = "csv_kraken_ledgers"
    CSV_KRAKEN_TRADES = "csv_kraken_trades"
    IBKR_FLEX_XML = "ibkr_flex_xml"
    CAMT_053 = "camt_053"
    BURSAR_JSON = "bursar_json"


class AccountKind(StrEnum):
    """What sort of account a statement is about."""

    CHECKING = "checking"
    SAVINGS = "savings"
    CREDIT_CARD = "credit_card"
    BROKERAGE = "brokerage"
    RETIREMENT = "retirement"
    EXCHANGE = "exchange"
    WALLET = "wallet"
    CASH = "cash"
    UNKNOWN = "unknown"


class ActivityKind(StrEnum):
    """What happened. A reinvestment is two activities of one group: the income and the buy.

    `exchange_out` and `exchange_in` are the two halves of one asset given for another with no cash
    between them (a coin for a coin).
    """

    BUY = "buy"
    SELL = "sell"
    EXCHANGE_OUT = "exchange_out"
    EXCHANGE_IN = "exchange_in"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    DIVIDEND = "dividend"
    CAPITAL_GAIN_DISTRIBUTION = "capital_gain_distribution"
    INTEREST = "interest"
    FEE = "fee"
    TAX = "tax"
    TAX_REFUND = "tax_refund"
    FX_CONVERSION = "fx_conversion"
    SPLIT = "split"
    SPIN_OFF = "spin_off"
    MERGER = "merger"
    RENAME = "rename"
    RETURN_OF_CAPITAL = "return_of_capital"
    OPTION_EXERCISE = "option_exercise"
    OPTION_ASSIGNMENT = "option_assignment"
    OPTION_EXPIRY = "option_expiry"
    STAKING_REWARD = "staking_reward"
    DELIVERY_IN = "delivery_in"
    DELIVERY_OUT = "delivery_out"


class SecurityKind(StrEnum):
    """What sort of thing is held."""

    STOCK = "stock"
    FUND = "fund"
    BOND = "bond"
    OPTION = "option"
    FUTURE = "future"
    CRYPTO = "crypto"
    OTHER = "other"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Security(_Frozen):
    """A thing held, as the file names it. `key` is what activities and positions refer to."""

    key: SecurityKey
    kind: SecurityKind = SecurityKind.OTHER
    symbol: OptionalName = None
    name: OptionalName = None
    isin: OptionalName = None
    cusip: OptionalName = None
    source_id: OptionalName = None
    currency: Currency | None = None
    multiplier: Amount | None = None


class Balance(_Frozen):
    """Cash as the institution states it: `ledger` (booked) or `available`."""

    amount: Amount
    currency: Currency | None
    as_of: Moment | None
    kind: Annotated[str, Field(pattern="^(ledger|available)$")] = "ledger"


class Position(_Frozen):
    """A holding as the institution states it: the check on what the activities add up to."""

    security: SecurityKey
    quantity: Amount
    unit_price: Amount | None = None
    value: Amount | None = None
    currency: Currency | None = None
    as_of: Moment | None = None


class Activity(_Frozen):
    """One thing that happened in one account. See the module's note on signs.

    `amount`, `unit_price`, `fees`, `taxes` and `value` are in `currency`. `value` is what the
    source says a movement without cash was worth. `exchange_rate` is account currency per unit of
    `currency`. `ratio_new` for `ratio_old` is a split's ratio. `local_day` is set where the
    institution's calendar day is not the UTC day of `effective_at`.
    """

    kind: ActivityKind
    effective_at: Moment
    local_day: date | None = None
    settles_on: date | None = None
    external_id: OptionalName = None
    group: OptionalName = None
    security: SecurityKey | None = None
    quantity: Amount | None = None
    unit_price: Amount | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    fees: Amount = Decimal(0)
    taxes: Amount = Decimal(0)
    value: Amount | None = None
    counter_amount: Amount | None = None
    counter_currency: Currency | None = None
    exchange_rate: Amount | None = None
    ratio_new: Amount | None = None
    ratio_old: Amount | None = None
    payee: OptionalText = None
    memo: OptionalText = None
    category: OptionalText = None
    reference: OptionalName = None
    counter_account: OptionalName = None
    line: Annotated[int, Field(ge=0)] = 0
    raw_type: Name = ""

    @property
    def day(self) -> date:
        """Return the calendar day on which the institution says it happened."""
        if self.local_day is not None:
            return self.local_day
        at = self.effective_at
        return at.date() if isinstance(at, datetime) else at


class StatementAccount(_Frozen):
    """One account of a file. `external_id` is empty when the file does not say whose it is."""

    external_id: Name = ""
    institution: OptionalName = None
    name: OptionalName = None
    kind: AccountKind = AccountKind.UNKNOWN
    currency: Currency | None = None
    period_start: date | None = None
    period_end: date | None = None
    activities: Annotated[tuple[Activity, ...], Field(max_length=ROWS_MAX)] = ()
    balances: Annotated[tuple[Balance, ...], Field(max_length=SECURITIES_MAX)] = ()
    stated_positions: Annotated[tuple[Position, ...], Field(max_length=SECURITIES_MAX)] = ()
    securities: Annotated[tuple[Security, ...], Field(max_length=SECURITIES_MAX)] = ()

    @property
    def stated_balance(self) -> Balance | None:
        """Return the booked cash balance that the institution states, if it states one."""
        return next((b for b in self.balances if b.kind == "ledger"), None)

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        keys = {s.key for s in self.securities}
        if len(keys) != len(self.securities):
            msg = "two securities have the same key"
            raise ValueError(msg)
        used = {a.security for a in self.activities} | {p.security for p in self.stated_positions}
        unknown = used - keys - {None}
        if unknown:
            msg = f"security {min(str(key) for key in unknown)!r} is not in the list of securities"
            raise ValueError(msg)
        return self


class Statement(_Frozen):
    """Everything one file says. `notes` are remarks about the file that concern no row."""

    format: Format
    accounts: Annotated[tuple[StatementAccount, ...], Field(max_length=ACCOUNTS_MAX)] = ()
    notes: Annotated[tuple[Text, ...], Field(max_length=NOTES_MAX)] = ()


def canonical_number(value: Decimal | None) -> str:
    """Render a number so that equal numbers give equal text: 5, 5.0 and 5.00 are '5'."""
    if value is None:
        return ""
    text = format_decimal(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _canonical(account: StatementAccount, activity: Activity) -> str:
    """Join the fields that the source stated, length-prefixed so that no two lists collide."""
    texts = (
        account.external_id,
        activity.effective_at.isoformat(),
        activity.day.isoformat(),
        activity.security or "",
        canonical_number(activity.quantity),
        canonical_number(activity.unit_price),
        canonical_number(activity.amount),
        activity.currency or account.currency or "",
        canonical_number(activity.fees),
        canonical_number(activity.taxes),
        canonical_number(activity.counter_amount),
        activity.counter_currency or "",
        canonical_number(activity.ratio_new),
        canonical_number(activity.ratio_old),
        activity.payee or "",
        activity.memo or "",
        activity.reference or "",
        activity.counter_account or "",
        activity.raw_type,
    )
    joined = (" ".join(text.split()) for text in texts)
    return "".join(f"{len(text)}:{text}" for text in joined)


def _digest(canonical: str, occurrence: int) -> str:
    return hashlib.sha256(f"bursar.activity/1|{canonical}|{occurrence}".encode()).hexdigest()


def content_hash(account: StatementAccount, activity: Activity, occurrence: int) -> str:
    """Return the hex SHA-256 of what the source stated; `occurrence` numbers equal ones from 0."""
    return _digest(_canonical(account, activity), occurrence)


def activity_keys(account: StatementAccount) -> tuple[str, ...]:
    """Return one key per activity, in order: `id:` and the source's id, or `sha256:` and the hash.

    An id that the file uses for two different activities does not identify them: all of those
    are known by their hash instead.
    """
    seen_ids: dict[str, str] = {}
    ambiguous: set[str] = set()
    canonicals: list[str] = []
    for activity in account.activities:
        canonical = _canonical(account, activity)
        canonicals.append(canonical)
        if activity.external_id:
            first = seen_ids.setdefault(activity.external_id, canonical)
            if first != canonical:
                ambiguous.add(activity.external_id)
    counts: dict[str, int] = {}
    keys: list[str] = []
    for activity, canonical in zip(account.activities, canonicals, strict=True):
        if activity.external_id and activity.external_id not in ambiguous:
            keys.append(f"id:{activity.external_id}")
            continue
        occurrence = counts.get(canonical, 0)
        counts[canonical] = occurrence + 1
        keys.append(f"sha256:{_digest(canonical, occurrence)}")
    return tuple(keys)


def merged_keys(accounts: Iterable[StatementAccount]) -> frozenset[tuple[str, str]]:
    """Return the (account, key) pairs of several accounts: the size of the union is what is new."""
    return frozenset((a.external_id, key) for a in accounts for key in activity_keys(a))
