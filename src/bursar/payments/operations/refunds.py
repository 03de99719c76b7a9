"""Giving money back: a refund is a new fact, a reversal says the payment should never have been."""

import dataclasses
import uuid
from decimal import Decimal

from bursar.core.ids import new_id
from bursar.core.money import from_units
from bursar.ledger.models import Account
from bursar.ledger.operations import cash as ledger_cash
from bursar.payments import tables
from bursar.payments.calc.states import PaymentStatus, status_of
from bursar.payments.errors import (
    AboveCaptured,
    AlreadyRefunded,
    AlreadyReversed,
    NotCaptured,
)
from bursar.payments.models.payments import (
    Payment,
    ProcessRefund,
    RefundResult,
    ReversePayment,
)
from bursar.payments.operations.captures import release_rest
from bursar.payments.operations.parties import refuse_beyond
from bursar.payments.operations.rows import (
    actor_columns,
    amount_facts,
    amounts_of,
    change,
    currency_of,
    locked,
    payment_model,
    record,
    refund_model,
    with_status,
)
from bursar.payments.store import payments as store
from bursar.runtime.context import Context
from bursar.runtime.registry import operation


@operation(
    "payments.process_refund",
    scope="payments:write",
    http="POST /payments/{payment_id}/refunds",
    tool="process_refund",
    command="payment refund",
    positional=("payment_id",),
    writes=True,
    moves_money=True,
)
async def process_refund(context: Context, body: ProcessRefund) -> RefundResult:
    """Give a payment back in full or in part, never more than was paid and not yet refunded.

    Who was paid needs the money; the record keeps who asked and why.
    """
    row = await locked(context, body.payment_id)
    cash = await currency_of(context, row)
    units = None if body.amount is None else ledger_cash.units_of(body.amount, cash)
    _refuse_unpaid(row)
    amounts = amounts_of(row)
    units = amounts.refundable if units is None else units
    if units > amounts.refundable:
        raise AboveCaptured(
            f"{from_units(amounts.refundable, cash.exponent)} {cash.code} can be refunded,"
            " and more is asked",
            field="amount",
            details=amount_facts(
                cash, refundable=amounts.refundable, captured=amounts.captured, asked=units
            ),
        )
    payer, payee = await _parties(context, row)
    between = await ledger_cash.between(
        context, payee, payer, ledger_cash.currency_named(cash.code)
    )
    refuse_beyond(between, units)
    movement = ledger_cash.Movement(
        id=new_id(),
        kind="refund",
        account_id=row.payer_account_id,
        counter_account_id=row.payee_account_id,
        arrives=True,
        payee=row.payee_name,
        memo=body.reason or row.description,
    )
    await ledger_cash.move(context, between, units, movement)
    amounts = dataclasses.replace(amounts, refunded=amounts.refunded + units)
    # A hold that still stands keeps its status; refunds show in it when the hold has ended.
    await change(context, row, status_of(amounts), amounts)
    made = tables.Refund(
        workspace_id=context.workspace_id,
        id=movement.id,
        payment_id=row.id,
        amount=Decimal(units),
        status="succeeded",
        reason=body.reason,
        created_at=context.clock.now(),
        **actor_columns(context),
    )
    context.session.add(made)
    await context.session.flush()
    await record(context, row, "refunded", units, group_id=movement.id, reason=body.reason)
    context.fact(
        "payment.refunded",
        row.id,
        refund_id=str(movement.id),
        status=row.status,
        amount=str(from_units(units, cash.exponent)),
        currency=cash.code,
    )
    return RefundResult(
        **dict(refund_model(made, cash)),
        payment_status=PaymentStatus(row.status),
        refundable=from_units(amounts.refundable, cash.exponent),
    )


@operation(
    "payments.reverse_payment",
    scope="payments:write",
    http="POST /payments/{payment_id}/reversal",
    command="payment reverse",
    positional=("payment_id", "reason"),
    writes=True,
    moves_money=True,
    status=200,
)
async def reverse_payment(context: Context, body: ReversePayment) -> Payment:
    """Undo a payment made in error, as of the day it was made; what it still holds is released.

    The book keeps both. A payment that was refunded in part is refunded in full instead.
    """
    row = await locked(context, body.payment_id)
    cash = await currency_of(context, row)
    _refuse_unpaid(row)
    amounts = amounts_of(row)
    if amounts.refunded or amounts.disputed:
        raise with_status(
            AlreadyRefunded(
                f"payment {row.id} was refunded in part, so it cannot be reversed as a whole",
                hint="Refund the rest.",
            ),
            row,
        )
    payer, payee = await _parties(context, row)
    if amounts.on_hold:
        await release_rest(context, row, cash, amounts.on_hold, kind="released", reason=body.reason)
    between = await ledger_cash.between(
        context, payee, payer, ledger_cash.currency_named(cash.code)
    )
    refuse_beyond(between, amounts.captured)
    reversals = await ledger_cash.undo(context, await _movements(context, row), body.reason)
    await change(context, row, PaymentStatus.REVERSED, amounts_of(row))
    last = next(iter(reversals.values()))
    await record(context, row, "reversed", amounts.captured, group_id=last, reason=body.reason)
    context.fact(
        "payment.reversed",
        row.id,
        status=row.status,
        amount=str(from_units(amounts.captured, cash.exponent)),
        currency=cash.code,
        reason=body.reason,
    )
    return payment_model(row, cash)


async def _movements(context: Context, row: tables.Payment) -> list[uuid.UUID]:
    """Return the groups that paid a payment, newest first."""
    changes = await store.changes(context.session, context.workspace_id, row.id)
    captures = [c.group_id for c in changes if c.kind == "captured" and c.group_id is not None]
    return captures[::-1] or [row.id]


async def _parties(context: Context, row: tables.Payment) -> tuple[Account, Account | None]:
    """Return both accounts of a payment, which must be open to take money back."""
    payer = await ledger_cash.open_account_of(context, row.payer_account_id, field="payment_id")
    if row.payee_account_id is None:
        return payer, None
    payee = await ledger_cash.open_account_of(context, row.payee_account_id, field="payment_id")
    return payer, payee


def _refuse_unpaid(row: tables.Payment) -> None:
    """Raise unless something of the payment was paid and can be given back."""
    amounts = amounts_of(row)
    if row.status == PaymentStatus.REVERSED:
        raise with_status(AlreadyReversed(f"payment {row.id} was reversed"), row)
    if not amounts.captured:
        raise with_status(NotCaptured(f"nothing of payment {row.id} was captured"), row)
    if not amounts.refundable:
        raise with_status(AlreadyRefunded(f"payment {row.id} was refunded in full"), row)
