"""Transactions entered, undone and corrected by hand; the book never changes, it grows."""

import datetime as dt
import uuid
from decimal import ROUND_HALF_EVEN, Decimal

from pydantic import JsonValue

from bursar.banking.calc.transaction_rules import faults_of
from bursar.banking.models.transactions import (
    CategorisedTransaction,
    CategoriseTransaction,
    CorrectTransaction,
    RecordedTransaction,
    RecordTransaction,
    ReversedTransaction,
    ReverseTransaction,
    TransactionFields,
)
from bursar.banking.operations.corporate_actions import apply_to
from bursar.banking.operations.statements.accounts import account_named
from bursar.banking.operations.statements.instruments import reference_of
from bursar.banking.operations.transaction_search import existing_activity
from bursar.core.clock import utc_midnight
from bursar.core.errors import InvalidInput
from bursar.ledger.calc.currencies import currency as currency_of
from bursar.ledger.errors import InvalidActivity, NotHeld
from bursar.ledger.models import ActivityKind, AnnotateActivity, InstrumentRef, NewActivity
from bursar.ledger.operations.activities import post_activities, reverse_activity
from bursar.ledger.operations.search import annotate_activity
from bursar.market.models.instruments import InstrumentRow
from bursar.market.operations import instruments as market_instruments
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

PRICED = frozenset(
    {
        ActivityKind.BUY,
        ActivityKind.SELL,
        ActivityKind.DELIVERY_IN,
        ActivityKind.TRANSFER_IN,
        ActivityKind.OPENING_BALANCE,
        ActivityKind.STAKING_REWARD,
    }
)
OPTION_ENDS = frozenset({ActivityKind.OPTION_EXERCISE, ActivityKind.OPTION_ASSIGNMENT})
COPIED = (
    "kind",
    "quantity",
    "unit_price",
    "amount",
    "currency",
    "fees",
    "taxes",
    "counter_quantity",
    "counter_amount",
    "counter_currency",
    "payee",
    "memo",
    "category",
    "external_id",
)


@operation(
    "banking.record_transaction",
    scope="banking:write",
    http="POST /transactions",
    command="transaction add",
    positional=("kind",),
    writes=True,
)
async def record_transaction(context: Context, body: RecordTransaction) -> RecordedTransaction:
    """Enter one transaction by hand: buy, sell, deposit, dividend, split, transfer and so on.

    Splits and other corporate actions after a back-dated trade are corrected. A dry run shows
    whether it would be accepted.
    """
    activity = await _activity_of(context, body)
    (posted,) = await post_activities(context, [activity])
    return RecordedTransaction(
        transaction_id=posted.id,
        duplicate=posted.duplicate_of is not None,
        reversal_id=None,
        corporate_actions=await _applied(context, activity.instrument, activity.counter_instrument),
    )


@operation(
    "banking.reverse_transaction",
    scope="banking:write",
    http="POST /transactions/{transaction_id}/reversal",
    command="transaction reverse",
    positional=("transaction_id",),
    writes=True,
    destructive=True,
)
async def reverse_transaction(context: Context, body: ReverseTransaction) -> ReversedTransaction:
    """Undo a transaction: the book keeps it and its reversal, which counts at the same moment.

    Importing its statement again does not bring it back.
    """
    reversal = await reverse_activity(context, body.transaction_id, body.reason)
    instruments = await _instruments_of(context, body.transaction_id)
    return ReversedTransaction(
        transaction_id=body.transaction_id,
        reversal_id=reversal.id,
        corporate_actions=await _words(context, instruments),
    )


@operation(
    "banking.correct_transaction",
    scope="banking:write",
    http="POST /transactions/{transaction_id}/correction",
    command="transaction correct",
    positional=("transaction_id", "kind"),
    writes=True,
    destructive=True,
)
async def correct_transaction(context: Context, body: CorrectTransaction) -> RecordedTransaction:
    """Replace a wrong transaction: it is reversed and the right one entered, both or neither."""
    activity = await _activity_of(context, body)
    try:
        reversal = await reverse_activity(context, body.transaction_id, body.reason)
        (posted,) = await post_activities(context, [activity])
    except NotHeld:
        # What came in with the wrong one was passed on since: the right one has to be there first.
        (posted,) = await post_activities(context, [activity])
        reversal = await reverse_activity(context, body.transaction_id, body.reason)
    if posted.duplicate_of is not None:
        raise InvalidInput(
            "another transaction of this account has this external_id",
            field="external_id",
            hint="Leave external_id out: the wrong transaction keeps its own.",
        )
    instruments = await _instruments_of(context, body.transaction_id)
    for reference in (activity.instrument, activity.counter_instrument):
        if reference is not None:
            instruments.add(reference.instrument_id)
    return RecordedTransaction(
        transaction_id=posted.id,
        duplicate=False,
        reversal_id=reversal.id,
        corporate_actions=await _words(context, instruments),
    )


@operation(
    "banking.categorise_transaction",
    scope="banking:write",
    http="PATCH /transactions/{transaction_id}/category",
    command="transaction categorise",
    positional=("transaction_id", "category"),
    writes=True,
)
async def categorise_transaction(
    context: Context, body: CategoriseTransaction
) -> CategorisedTransaction:
    """Give a transaction a category, a note or tags; the transaction itself never changes."""
    written = await annotate_activity(
        context,
        AnnotateActivity(
            activity_id=body.transaction_id, category=body.category, note=body.note, tags=body.tags
        ),
    )
    return CategorisedTransaction(
        transaction_id=body.transaction_id,
        category=written.category,
        note=written.note,
        tags=written.tags,
    )


async def _activity_of(context: Context, body: TransactionFields) -> NewActivity:
    given = {
        name
        for name in TransactionFields.model_fields
        if name not in {"account", "kind", "effective_at"} and getattr(body, name) not in (None, ())
    }
    faults = faults_of(body.kind, given)
    if faults:
        listed: list[JsonValue] = [{"field": name, "problem": said} for name, said in faults]
        raise InvalidActivity(faults[0][1], field=faults[0][0], details={"problems": listed})
    account = await account_named(context, body.account)
    at = body.effective_at
    moment = at if isinstance(at, dt.datetime) else utc_midnight(at)
    counter = None
    if body.counter_account is not None:
        counter = await account_named(context, body.counter_account, field="counter_account")
    instrument = await _instrument(context, body.instrument, moment)
    received = await _instrument(context, body.counter_instrument, moment)
    metadata: dict[str, JsonValue] = {}
    if body.acquired_on is not None:
        if body.acquired_on > moment.date():
            raise InvalidInput("units are bought before they come in", field="acquired_on")
        metadata["acquired_on"] = body.acquired_on.isoformat()
    contracts = {}
    if body.kind in OPTION_ENDS and instrument is not None and body.counter_quantity is None:
        contracts["counter_quantity"] = (body.quantity or Decimal(0)) * instrument.multiplier
    return NewActivity.model_validate(
        {name: getattr(body, name) for name in COPIED}
        | {
            "account_id": account.id,
            "effective_at": moment,
            "amount": _amount(body, instrument, body.currency or account.currency),
            "counter_account_id": None if counter is None else counter.id,
            "instrument": None if instrument is None else reference_of(instrument),
            "counter_instrument": None if received is None else reference_of(received),
            "ratio": _ratio(body.ratio),
            "lot_choice": body.lots,
            "source": "manual",
            "metadata": metadata,
        }
        | contracts
    )


def _amount(
    body: TransactionFields, instrument: InstrumentRow | None, code: str | None
) -> Decimal | None:
    """Return the amount given, or for units at a price: quantity x price x contract size."""
    if body.amount is not None or instrument is None or code is None:
        return body.amount
    if body.kind not in PRICED or body.quantity is None or body.unit_price is None:
        return None
    try:
        places = currency_of(code).exponent
    except ValueError as error:
        raise InvalidInput(str(error), field="currency") from None
    worth = body.quantity * body.unit_price * instrument.multiplier
    return worth.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


async def _instrument(
    context: Context, named: str | None, moment: dt.datetime
) -> InstrumentRow | None:
    if named is None:
        return None
    return await market_instruments.find(context, named, as_of=moment.date())


def _ratio(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    new, _, old = text.replace("/", ":").partition(":")
    return int(new), int(old)


async def _instruments_of(context: Context, activity_id: uuid.UUID) -> set[uuid.UUID]:
    activity = await existing_activity(context, activity_id)
    pair = (activity.instrument_id, activity.counter_instrument_id)
    return {each for each in pair if each is not None}


async def _applied(context: Context, *references: InstrumentRef | None) -> tuple[str, ...]:
    return await _words(context, {each.instrument_id for each in references if each is not None})


async def _words(context: Context, instrument_ids: set[uuid.UUID]) -> tuple[str, ...]:
    applied = await apply_to(context, instrument_ids)
    return tuple(item.in_words() for item in applied.items)
