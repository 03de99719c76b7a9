"""From a statement's activities to the ledger's, one kind at a time.

A statement says by signs what happened; the ledger by kinds. So a row whose sign contradicts its
name (a dividend taken back, a cancelled buy) becomes the kind that does what the money did, and
the source's own word for it stays in the metadata. A row that moves nothing is left out and counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from bursar.banking.calc.amounts import ZERO, Cash, cash_of, rounded, worth_of
from bursar.banking.calc.cash_kinds import WITH_INSTRUMENT, cash_fields
from bursar.banking.calc.option_ends import underlying_trades
from bursar.banking.calc.pairs import exchange_values, pairs_of
from bursar.banking.calc.posted_row import Conversion, PostedRow, Target
from bursar.banking.calc.ratios import ratio_from, ratio_of
from bursar.banking.calc.row_identity import identity_of, metadata_of, moment_of
from bursar.banking.calc.securities import contract_size
from bursar.banking.formats.draft import refusals
from bursar.banking.formats.statement import Activity, StatementAccount, activity_keys
from bursar.banking.formats.statement import ActivityKind as Stated
from bursar.ledger.models.activities import (
    NAME_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    ActivityKind,
    InstrumentRef,
    NewActivity,
)

OPENING_TYPE = "opening_balance"
"""`raw_type` of a row that Bursar itself exported for an opening balance."""

DELIVERIES = frozenset(
    {
        Stated.DELIVERY_IN,
        Stated.DELIVERY_OUT,
        Stated.TRANSFER_IN,
        Stated.TRANSFER_OUT,
        Stated.DEPOSIT,
        Stated.WITHDRAWAL,
        Stated.SPIN_OFF,
    }
)
OPTION_ENDS = frozenset({Stated.OPTION_EXERCISE, Stated.OPTION_ASSIGNMENT, Stated.OPTION_EXPIRY})
TRADES = frozenset({Stated.BUY, Stated.SELL}) | OPTION_ENDS
EXCHANGES = frozenset({Stated.EXCHANGE_OUT, Stated.EXCHANGE_IN})
ENDINGS = frozenset({Stated.MERGER, Stated.RENAME})

Fields = dict[str, Any]


def convert(account: StatementAccount, target: Target) -> Conversion:
    """Turn every activity of an account into what the ledger takes, in the file's order.

    Rows that cannot be turned are among the problems, as errors with line, field and reason.
    """
    return _Converter(account, target).run()


@dataclass(slots=True)
class _Row:
    """One row while it is turned."""

    place: int
    stated: Activity
    key: str
    currency: str

    @property
    def line(self) -> int:
        return self.stated.line


class _Converter:
    def __init__(self, account: StatementAccount, target: Target) -> None:
        self.account = account
        self.target = target
        self.done = Conversion()
        self.pairs = pairs_of(account.activities)
        self.arrived = set(self.pairs.values())
        self.values = exchange_values(account.activities)
        self.option_trades = underlying_trades(account.activities, account.securities)
        self.sizes = {each.key: contract_size(each) for each in account.securities}

    def run(self) -> Conversion:
        keys = activity_keys(self.account)
        for place, (stated, key) in enumerate(zip(self.account.activities, keys, strict=True)):
            if place in self.arrived:
                continue
            row = _Row(place, stated, key, stated.currency or self.target.currency)
            try:
                self._turn(row)
            except ValueError as error:
                self.done.refuse(row.line, "bad_currency", str(error), field="currency")
        return self.done

    def _turn(self, row: _Row) -> None:
        kind, quantity = row.stated.kind, row.stated.quantity
        turn: Callable[[_Row], None]
        if row.stated.raw_type == OPENING_TYPE:
            turn = self._opening
        elif row.place in self.pairs and kind is not Stated.SPLIT:
            turn = self._succession
        elif kind is Stated.SPLIT:
            turn = self._split
        elif kind in TRADES:
            turn = self._trade
        elif kind in EXCHANGES:
            turn = self._exchange
        elif kind is Stated.FX_CONVERSION:
            turn = self._conversion
        elif kind in ENDINGS:
            turn = self._ending
        elif kind is Stated.STAKING_REWARD and quantity:
            turn = self._reward
        elif kind in DELIVERIES and quantity:
            turn = self._delivery
        elif kind is Stated.FEE and quantity and row.stated.amount is None:
            turn = self._fee_in_kind
        else:
            turn = self._cash
        turn(row)

    def _instrument(self, row: _Row) -> InstrumentRef | None:
        key = row.stated.security
        found = None if key is None else self.target.instruments.get(key)
        if found is None:
            message = f"a {row.stated.kind} needs the security it is about"
            self.done.refuse(row.line, "missing_security", message, field="security")
        return found

    def _cash(self, row: _Row) -> None:
        cash = cash_of(row.stated, row.currency)
        if cash is None or not (cash.net or cash.fees or cash.taxes):
            self._leave_out(row)
            return
        kind, fields = cash_fields(row.stated.kind, cash)
        key = row.stated.security
        if key is not None and kind in WITH_INSTRUMENT:
            fields["instrument"] = self.target.instruments.get(key)
        self._add(row, kind, fields, rounded=cash.rounded)

    def _opening(self, row: _Row) -> None:
        if row.stated.security is None:
            self._add(row, ActivityKind.OPENING_BALANCE, {"amount": row.stated.amount})
            return
        fields = self._units(row)
        if fields is not None:
            self._add(row, ActivityKind.OPENING_BALANCE, fields)

    def _trade(self, row: _Row) -> None:
        stated, instrument = row.stated, self._instrument(row)
        if instrument is None:
            return
        if row.place in self.option_trades and not stated.amount:
            self._option_end(row, instrument)
            return
        if not stated.quantity:
            message = f"a {stated.kind} needs the number of units"
            self.done.refuse(row.line, "missing_quantity", message, field="quantity")
            return
        buys = stated.quantity > 0
        fields: Fields = {"instrument": instrument, "quantity": stated.quantity.copy_abs()}
        cash = cash_of(stated, row.currency)
        if cash is not None:
            fields |= {"fees": cash.fees, "taxes": cash.taxes}
            gross = cash.gross_out if buys else cash.gross_in
        elif stated.kind in OPTION_ENDS:
            gross = ZERO
        else:
            known = worth_of(row.stated, row.currency, self.sizes)
            if known is None:
                message = f"a {stated.kind} needs an amount or a price"
                self.done.refuse(row.line, "missing_amount", message, field="amount")
                return
            gross = known
        if gross < 0:
            way = "came in for units bought" if buys else "went out for units sold"
            message = f"money {way}: the signs of amount and quantity contradict each other"
            self.done.refuse(row.line, "contradiction", message, field="amount")
            return
        fields["amount"] = gross
        if stated.unit_price is not None:
            fields["unit_price"] = stated.unit_price.copy_abs()
        kind = ActivityKind.BUY if buys else ActivityKind.SELL
        self._add(row, kind, fields, rounded=cash is not None and cash.rounded)

    def _option_end(self, row: _Row, instrument: InstrumentRef) -> None:
        """Let the premium join the trade of the underlying that the file states beside it."""
        trade = self.account.activities[self.option_trades[row.place]]
        contracts = row.stated.quantity or ZERO
        kind = ActivityKind.OPTION_EXERCISE if contracts < 0 else ActivityKind.OPTION_ASSIGNMENT
        shares = {
            "counter_instrument": self.target.instruments.get(trade.security or ""),
            "counter_quantity": (trade.quantity or ZERO).copy_abs(),
        }
        self._add(row, kind, {"instrument": instrument, "quantity": contracts.copy_abs()} | shares)

    def _exchange(self, row: _Row) -> None:
        """Treat a coin given for a coin as a sale and a purchase at the value the source states."""
        value = self.values.get(row.stated.group or "", row.stated.value)
        if value is None:
            message = "the exchange states no value, so the units are booked as moved out and in"
            self.done.assume(row.line, "unknown_value", message, field="value")
            self._delivery(row)
            return
        fields = self._units(row)
        if fields is not None:
            fields["amount"] = rounded(value, row.currency)
            buys = row.stated.kind is Stated.EXCHANGE_IN
            self._add(row, ActivityKind.BUY if buys else ActivityKind.SELL, fields)

    def _units(self, row: _Row) -> Fields | None:
        """Return the instrument, the units without sign, and their worth where it is stated."""
        instrument = self._instrument(row)
        if instrument is None:
            return None
        quantity = (row.stated.quantity or ZERO).copy_abs()
        return {
            "instrument": instrument,
            "quantity": quantity,
            "amount": worth_of(row.stated, row.currency, self.sizes),
            "unit_price": None if row.stated.unit_price is None else abs(row.stated.unit_price),
        }

    def _delivery(self, row: _Row) -> None:
        fields = self._units(row)
        if fields is None:
            return
        arrives = (row.stated.quantity or ZERO) > 0
        if row.stated.kind is Stated.SPIN_OFF:
            message = (
                "the parent of the spin-off is not named: its units arrive without a cost until "
                "it is recorded, or the cost is stated (bursar transaction cost)"
            )
            self.done.assume(row.line, "unknown_parent", message, field="security")
        kind = ActivityKind.DELIVERY_IN if arrives else ActivityKind.DELIVERY_OUT
        self._add(row, kind, fields)
        cash = cash_of(row.stated, row.currency)
        if cash is not None and cash.net:
            self._add_cash_beside(row, cash)

    def _add_cash_beside(self, row: _Row, cash: Cash) -> None:
        """Post the cash of a row that moves units too as an activity of its own."""
        kind, fields = cash_fields(Stated.TRANSFER_IN, cash)
        beside = _Row(row.place, row.stated, f"{row.key}:cash", row.currency)
        self._add(beside, kind, fields, rounded=cash.rounded)

    def _fee_in_kind(self, row: _Row) -> None:
        fields = self._units(row)
        if fields is not None:
            fields["amount"] = None
            self._add(row, ActivityKind.FEE, fields)

    def _reward(self, row: _Row) -> None:
        if (row.stated.quantity or ZERO) < 0:
            self._fee_in_kind(row)
            return
        fields = self._units(row)
        if fields is not None:
            self._add(row, ActivityKind.STAKING_REWARD, fields)

    def _split(self, row: _Row) -> None:
        stated, instrument = row.stated, self._instrument(row)
        if instrument is None:
            return
        partner = self._partner(row)
        if partner is not None and partner.security != stated.security:
            self._succession(row)
            return
        change = stated.quantity
        ratio = ratio_of(stated) or self.target.split_ratios.get(row.place)
        if partner is not None and partner.quantity and change:
            ratio = ratio_from(Fraction(partner.quantity) / -Fraction(change))
            change = partner.quantity + change
        if ratio is None and change is not None and change > 0:
            message = "the split states no ratio and nothing held before tells it: its units arrive"
            self.done.assume(row.line, "unknown_ratio", f"{message} without a cost", field="ratio")
            self._delivery(row)
            return
        if ratio is None:
            message = "the split states no ratio of new to old units"
            hint = "Record the split with market.record_corporate_action, then import again."
            self.done.refuse(row.line, "missing_ratio", message, field="ratio", hint=hint)
            return
        fields: Fields = {"instrument": instrument, "ratio": ratio}
        if change:
            fields["quantity"] = change.copy_abs()
        cash = cash_of(stated, row.currency)
        if cash is not None and cash.net > 0:
            fields["amount"] = cash.net
        self._add(row, ActivityKind.SPLIT, fields)

    def _partner(self, row: _Row) -> Activity | None:
        place = self.pairs.get(row.place)
        return None if place is None else self.account.activities[place]

    def _succession(self, row: _Row) -> None:
        """One security ends and another takes its place, with its cost."""
        partner = self._partner(row)
        fields = self._units(row)
        if partner is None or fields is None:
            return
        successor = self.target.instruments.get(partner.security or "")
        if successor is None:
            self._ending(row)
            return
        cash = (row.stated.amount or ZERO) + (partner.amount or ZERO)
        fields |= {
            "counter_instrument": successor,
            "counter_quantity": (partner.quantity or ZERO).copy_abs(),
            "amount": rounded(cash, row.currency) if cash > 0 else None,
            "unit_price": None,
        }
        is_merger = row.stated.kind is Stated.MERGER
        self._add(row, ActivityKind.MERGER if is_merger else ActivityKind.RENAME, fields)

    def _ending(self, row: _Row) -> None:
        """Handle a merger or renaming of which only one half is in the file."""
        stated = row.stated
        cash = cash_of(stated, row.currency)
        if not stated.quantity:
            self._cash_as(row, Stated.RETURN_OF_CAPITAL)
            return
        if stated.quantity < 0 and cash is not None and cash.net > 0:
            fields = self._units(row)
            if fields is not None:
                self._add(row, ActivityKind.MERGER, fields | {"amount": cash.gross_in})
            return
        message = (
            f"only one half of the {stated.kind} is in the file: the units move without a cost "
            "until it is recorded, or the cost is stated (bursar transaction cost)"
        )
        self.done.assume(row.line, "half_of_pair", message, field="security")
        self._delivery(row)

    def _cash_as(self, row: _Row, kind: Stated) -> None:
        changed = row.stated.model_copy(update={"kind": kind})
        self._cash(_Row(row.place, changed, row.key, row.currency))

    def _conversion(self, row: _Row) -> None:
        stated = row.stated
        cash = cash_of(stated, row.currency)
        other, other_currency = stated.counter_amount, stated.counter_currency
        if cash is None or not other or other_currency is None:
            if cash is None or not cash.net:
                self._leave_out(row)
            else:
                self._cash_as(row, Stated.TRANSFER_IN)
            return
        counter = rounded(other.copy_abs(), other_currency)
        if cash.net < 0:
            fields: Fields = {
                "amount": max(cash.gross_out, ZERO),
                "fees": cash.fees,
                "taxes": cash.taxes,
                "counter_amount": counter,
                "counter_currency": other_currency,
            }
        else:
            fields = {
                "amount": counter,
                "currency": other_currency,
                "counter_amount": cash.net,
                "counter_currency": row.currency,
            }
        self._add(row, ActivityKind.FX_CONVERSION, fields, rounded=cash.rounded)

    def _leave_out(self, row: _Row) -> None:
        self.done.left_out += 1
        message = f"the {row.stated.kind} moves nothing and was left out"
        self.done.assume(row.line, "moves_nothing", message, field="amount")

    def _add(self, row: _Row, kind: ActivityKind, fields: Fields, *, rounded: bool = False) -> None:
        stated = row.stated
        whole = {
            "account_id": self.target.account_id,
            "kind": kind,
            "effective_at": moment_of(stated),
            "currency": row.currency,
            "payee": (stated.payee or "")[:TEXT_CHARACTERS_MAX] or None,
            "memo": (stated.memo or "")[:TEXT_CHARACTERS_MAX] or None,
            "category": (stated.category or "")[:NAME_CHARACTERS_MAX] or None,
            "import_id": self.target.import_id,
            "source": self.target.source,
            "metadata": metadata_of(stated, kind, rounded=rounded),
            **identity_of(row.key),
            **fields,
        }
        try:
            activity = NewActivity.model_validate(whole)
        except ValidationError as error:
            for field, sentence in refusals(error):
                self.done.refuse(row.line, "bad_value", f"{field}: {sentence}", field=field)
            return
        self.done.rows.append(PostedRow(activity, row.line))
