"""Making a payment from an account's balance: paid at once, or held until it is captured."""

import datetime as dt
import uuid
from decimal import Decimal

from bursar.core.errors import InvalidInput
from bursar.core.ids import new_id
from bursar.core.money import format_decimal
from bursar.ledger.operations import cash as ledger_cash
from bursar.ledger.operations import holds
from bursar.payments import tables
from bursar.payments.calc.states import PaymentStatus
from bursar.payments.errors import SameAccount
from bursar.payments.models.payments import CaptureMethod, InitiatePayment, Payment
from bursar.payments.operations.batches import PAYMENTS
from bursar.payments.operations.parties import (
    open_account,
    refuse_beyond,
    refuse_other_currency,
)
from bursar.payments.operations.rows import actor_columns, payment_model
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

HOLD_DAYS_DEFAULT = 7
HOLD_DAYS_MAX = 90


@operation(
    "payments.initiate_payment",
    scope="payments:write",
    http="POST /payments",
    tool="initiate_payment",
    command="payment initiate",
    positional=("payer_account", "amount"),
    writes=True,
    moves_money=True,
    batch=PAYMENTS,
)
async def initiate_payment(context: Context, body: InitiatePayment) -> Payment:
    """Pay an amount from an account's balance to another own account or to somebody outside.

    Moves money in the book at once, or with capture_method manual only holds it; no bank is told.
    """
    payer = await open_account(context, body.payer_account, field="payer_account")
    payee = None
    if body.payee_account is not None:
        payee = await open_account(context, body.payee_account, field="payee_account")
        if payee.id == payer.id:
            raise SameAccount("payer and payee are the same account", field="payee_account")
    cash = ledger_cash.currency_named(body.currency or payer.currency or "")
    units = ledger_cash.units_of(body.amount, cash)
    expires_at = _expiry(context, body)
    await refuse_other_currency(context, payer, cash, field="currency")
    await refuse_other_currency(context, payee, cash, field="payee_account")
    between = await ledger_cash.between(context, payer, payee, cash)
    refuse_beyond(between, units)
    payment_id = await _post(context, body, between, units=units, expires_at=expires_at)
    row = _row(context, body, between, units=units, payment_id=payment_id)
    row.expires_at = expires_at
    context.session.add(row)
    await context.session.flush()
    context.fact(
        "payment.held" if _is_held(body) else "payment.paid",
        payment_id,
        status=row.status,
        amount=format_decimal(between.major(units)),
        currency=cash.code,
        payer_account_id=str(payer.id),
        payee_account_id=None if payee is None else str(payee.id),
    )
    return payment_model(row, between.cash)


async def _post(
    context: Context,
    body: InitiatePayment,
    between: ledger_cash.Between,
    *,
    units: int,
    expires_at: dt.datetime | None,
) -> uuid.UUID:
    """Hold or move the amount in the book; return the id that group, hold and payment share."""
    payment_id = new_id()
    payer_id, payee_id = _sides(between)
    if not _is_held(body):
        movement = ledger_cash.Movement(
            id=payment_id,
            kind="payment",
            account_id=payer_id,
            counter_account_id=payee_id,
            arrives=False,
            payee=body.payee_name,
            memo=body.description,
        )
        return await ledger_cash.move(context, between, units, movement)
    order = holds.NewHold(
        id=payment_id,
        account_id=payer_id,
        counter_account_id=payee_id,
        amount=between.major(units),
        currency=between.cash.code,
        expires_at=expires_at,
        payee=body.payee_name,
        memo=body.description,
    )
    await holds.hold(context, order)
    await ledger_cash.refuse_closed(context, [s for s in (payer_id, payee_id) if s is not None])
    return payment_id


def _row(
    context: Context,
    body: InitiatePayment,
    between: ledger_cash.Between,
    *,
    units: int,
    payment_id: uuid.UUID,
) -> tables.Payment:
    held, now = _is_held(body), context.clock.now()
    status = PaymentStatus.REQUIRES_CAPTURE if held else PaymentStatus.SUCCEEDED
    payer_id, payee_id = _sides(between)
    return tables.Payment(
        workspace_id=context.workspace_id,
        id=payment_id,
        payer_account_id=payer_id,
        payee_account_id=payee_id,
        payee_name=body.payee_name,
        commodity_id=between.commodity_id,
        amount=Decimal(units),
        authorized=Decimal(units),
        captured=Decimal(0 if held else units),
        released=Decimal(0),
        refunded=Decimal(0),
        disputed=Decimal(0),
        status=status.value,
        capture_method=body.capture_method.value,
        method=body.method,
        description=body.description,
        reference=body.reference,
        details=body.metadata,
        idempotency_key=context.idempotency_key,
        request_hash=None if context.idempotency_key is None else context.input_hash,
        created_at=now,
        changed_at=now,
        **actor_columns(context),
    )


def _is_held(body: InitiatePayment) -> bool:
    return body.capture_method is CaptureMethod.MANUAL


def _sides(between: ledger_cash.Between) -> tuple[uuid.UUID, uuid.UUID | None]:
    """Return the ids of payer and payee; a payment always has a payer."""
    if between.payer is None:
        msg = "a payment needs a payer"
        raise ValueError(msg)
    return between.payer.id, None if between.payee is None else between.payee.id


def _expiry(context: Context, body: InitiatePayment) -> dt.datetime | None:
    """Return when the hold of a payment ends by itself; None for a payment at once."""
    if not _is_held(body):
        return None
    now = context.clock.now()
    if body.expires_at is None:
        return now + dt.timedelta(days=HOLD_DAYS_DEFAULT)
    if not now < body.expires_at <= now + dt.timedelta(days=HOLD_DAYS_MAX):
        raise InvalidInput(
            f"expires_at must lie in the future, at most {HOLD_DAYS_MAX} days ahead",
            field="expires_at",
        )
    return body.expires_at.astimezone(dt.UTC)
