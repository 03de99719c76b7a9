"""Payments and transfers between own balances, posted many at once.

What a batch takes is plain: both accounts by their ids, one currency (stated, or the payer's own, which
never changes and is looked up once), paid at once. Anything
else is the ordinary operation's, which knows names, holds, other currencies and the world outside.
What is written and answered is the same on both roads; a test compares their rows.
"""

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from bursar.core.errors import BursarError
from bursar.core.money import format_decimal, from_units
from bursar.ledger.calc.currencies import Currency
from bursar.ledger.models import ActivityKind
from bursar.ledger.operations import cash as ledger_cash
from bursar.payments.calc.states import PaymentStatus
from bursar.payments.errors import InsufficientFunds
from bursar.payments.models.payments import CaptureMethod, InitiatePayment
from bursar.payments.models.transfers import CreateTransfer
from bursar.payments.operations.parties import as_id
from bursar.payments.store import batches as store
from bursar.runtime.batch import Batch, BatchAnswer, BatchCall, Columns, Posting

TRANSFERRED = ActivityKind.TRANSFER_OUT.value
BEYOND = "{name} has {available} {currency} to spend, and {needed} are needed"


@dataclass(frozen=True, slots=True)
class Plain:
    """A payment or transfer that a batch can take."""

    takes_from: uuid.UUID
    gives_to: uuid.UUID
    cash: Currency
    units: int
    body: InitiatePayment | CreateTransfer


def plain_payment(body: InitiatePayment, currency: str | None) -> Plain | None:
    """Return a payment between two own accounts at once, or None for any other.

    currency: the payer account's, where none is stated.
    """
    if body.capture_method is not CaptureMethod.AUTOMATIC or body.payee_account is None:
        return None
    return _plain(body, (body.payer_account, body.payee_account), body.currency or currency)


def plain_transfer(body: CreateTransfer, currency: str | None) -> Plain | None:
    """Return a transfer in one currency, or None for any other.

    currency: the giving account's, where none is stated.
    """
    if (body.rate, body.to_amount, body.to_currency) != (None, None, None):
        return None
    return _plain(body, (body.from_account, body.to_account), body.currency or currency)


def _plain(
    body: InitiatePayment | CreateTransfer, sides: tuple[str, str], currency: str | None
) -> Plain | None:
    takes_from, gives_to = map(as_id, sides)
    if takes_from is None or gives_to is None or currency is None:
        return None
    try:
        cash = ledger_cash.currency_named(currency)
        units = ledger_cash.units_of(body.amount, cash)
    except BursarError:
        return None  # the ordinary road says what is wrong
    return Plain(takes_from, gives_to, cash, units, body)


def unstated_payer(body: InitiatePayment) -> uuid.UUID | None:
    """Return the account whose currency a payment is in, where it states none."""
    return None if body.currency else as_id(body.payer_account)


def unstated_giver(body: CreateTransfer) -> uuid.UUID | None:
    """Return the account whose currency a transfer is in, where it states none."""
    return None if body.currency else as_id(body.from_account)


async def _post(
    columns: Columns, at: dt.datetime, calls: Sequence[BatchCall], *, skip_held: bool = False
) -> Sequence[BatchAnswer | None]:
    beyond = BEYOND, InsufficientFunds.default_hint or ""
    rows = [_row(call, at) for call in calls]
    return await store.post(columns, at, beyond, rows, skip_held=skip_held)


def _row(call: BatchCall, at: dt.datetime) -> store.PostingRow:
    plain: Plain = call.plain
    body, actor, cash = plain.body, call.actor, plain.cash
    payment = body if isinstance(body, InitiatePayment) else None
    amount = from_units(plain.units, cash.exponent)
    if isinstance(body, InitiatePayment):
        answer, facts = _payment(call, plain, body, at), _paid(call.id, plain)
    else:
        answer, facts = _transfer(call, plain, body, at), _transferred(call.id, plain, body)
    return store.PostingRow(
        workspace_id=call.workspace_id,
        operation=call.operation,
        key=call.key,
        input_hash=call.input_hash,
        actor_kind=actor.kind.value,
        user_id=actor.user_id,
        credential_id=actor.credential_id,
        source=call.source.value,
        request_id=call.request_id,
        id=call.id,
        kind=TRANSFERRED if payment is None else "payment",
        origin="transfer" if payment is None else "payment",
        payer_account_id=plain.takes_from,
        payee_account_id=plain.gives_to,
        currency=cash.code,
        exponent=cash.exponent,
        units=plain.units,
        amount=amount,
        payee_name=None if payment is None else payment.payee_name,
        memo=body.description,
        reference=None if payment is None else payment.reference,
        metadata=None
        if payment is None or payment.metadata is None
        else json.dumps(payment.metadata),
        facts=to_json(facts).decode(),
        answer=to_json(answer).decode(),
    )


# Answers are written as JSON at once, without a model between: a model's amounts are rendered by
# Python one by one, which costs more than all the rest. A test holds the names and their order to
# those of the models, and another compares every row and answer of both roads.


def _payment(
    call: BatchCall, plain: Plain, body: InitiatePayment, at: dt.datetime
) -> dict[str, Any]:
    amount, nothing = _text(plain.units, plain.cash.exponent), _text(0, plain.cash.exponent)
    return {
        "id": call.id,
        "status": PaymentStatus.SUCCEEDED.value,
        "amount": amount,
        "currency": plain.cash.code,
        "authorized": amount,
        "captured": amount,
        "released": nothing,
        "on_hold": nothing,
        "refunded": nothing,
        "disputed": nothing,
        "capture_method": body.capture_method.value,
        "method": body.method,
        "payer_account_id": plain.takes_from,
        "payee_account_id": plain.gives_to,
        "payee_name": body.payee_name,
        "description": body.description,
        "reference": body.reference,
        "metadata": body.metadata,
        "failure_code": None,
        "expires_at": None,
        "created_at": at,
        "changed_at": at,
        "idempotency_key": call.key,
    }


@lru_cache(maxsize=1024)
def _text(units: int, exponent: int) -> str:
    return format_decimal(from_units(units, exponent))


def _paid(payment_id: uuid.UUID, plain: Plain) -> list[dict[str, Any]]:
    return [
        {
            "kind": "payment.paid",
            "object": payment_id,
            "status": PaymentStatus.SUCCEEDED.value,
            "amount": _text(plain.units, plain.cash.exponent),
            "currency": plain.cash.code,
            "payer_account_id": plain.takes_from,
            "payee_account_id": plain.gives_to,
        }
    ]


def _transfer(
    call: BatchCall, plain: Plain, body: CreateTransfer, at: dt.datetime
) -> dict[str, Any]:
    amount, code = _text(plain.units, plain.cash.exponent), plain.cash.code
    return {
        "id": call.id,
        "from_account_id": plain.takes_from,
        "to_account_id": plain.gives_to,
        "amount": amount,
        "currency": code,
        "to_amount": amount,
        "to_currency": code,
        "description": body.description,
        "created_at": at,
        "reversed_by_id": None,
    }


def _transferred(
    transfer_id: uuid.UUID, plain: Plain, body: CreateTransfer
) -> list[dict[str, Any]]:
    return [
        {
            "kind": "activity.posted",
            "activity_kind": TRANSFERRED,
            "object": transfer_id,
            "account_id": plain.takes_from,
        },
        {
            "kind": "transfer.made",
            "object": transfer_id,
            "amount": format_decimal(body.amount),
            "currency": plain.cash.code,
            "to_amount": None,
            "to_currency": plain.cash.code,
        },
    ]


POSTING = Posting("payments", _post)
PAYMENTS = Batch(POSTING, plain_payment, unstated_payer, store.currency_of_account)
TRANSFERS = Batch(POSTING, plain_transfer, unstated_giver, store.currency_of_account)
