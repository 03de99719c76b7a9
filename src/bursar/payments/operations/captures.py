"""What becomes of a hold: captured wholly or in parts, released, or expired. Each of it once.

The payment's row is locked first and its balances after it, by every operation here.
"""

import dataclasses
import uuid
from typing import Any

from bursar.core.model import Nothing
from bursar.core.money import from_units
from bursar.ledger.calc.currencies import Currency
from bursar.ledger.operations import cash as ledger_cash
from bursar.ledger.operations import holds
from bursar.payments import tables
from bursar.payments.calc.states import PaymentStatus, status_of
from bursar.payments.errors import (
    AboveHeld,
    AlreadyCaptured,
    AlreadyReleased,
    AlreadyReversed,
    NotOnHold,
    PaymentExpired,
)
from bursar.payments.models.payments import (
    CaptureMethod,
    CapturePayment,
    ExpiredPayments,
    Payment,
    ReleasePayment,
)
from bursar.payments.operations.rows import (
    amount_facts,
    amounts_of,
    change,
    currency_of,
    locked,
    payment_model,
    record,
    with_status,
)
from bursar.payments.store import payments as store
from bursar.runtime.context import Context
from bursar.runtime.database import EVERY_WORKSPACE, Database
from bursar.runtime.registry import operation

EXPIRED_MAX = 500
WORKSPACES_MAX = 10_000


@operation(
    "payments.capture_payment",
    scope="payments:write",
    http="POST /payments/{payment_id}/capture",
    command="payment capture",
    positional=("payment_id",),
    writes=True,
    moves_money=True,
    status=200,
)
async def capture_payment(context: Context, body: CapturePayment) -> Payment:
    """Pay what a payment holds, wholly or in part.

    The rest is released, or with final false stays held for another capture.
    """
    row = await locked(context, body.payment_id)
    cash = await currency_of(context, row)
    units = None if body.amount is None else ledger_cash.units_of(body.amount, cash)
    on_hold = _refuse_unheld(context, row)
    units = on_hold if units is None else units
    if units > on_hold:
        raise AboveHeld(
            f"{from_units(on_hold, cash.exponent)} {cash.code} are on hold, and more is asked",
            field="amount",
            details=amount_facts(cash, on_hold=on_hold, asked=units),
        )
    group_id = await holds.capture(context, row.id, from_units(units, cash.exponent))
    rest = on_hold - units
    released_by = await holds.void(context, row.id) if rest and body.final else None
    amounts = amounts_of(row)
    amounts = dataclasses.replace(
        amounts,
        captured=amounts.captured + units,
        released=amounts.released + (rest if released_by else 0),
    )
    await change(context, row, status_of(amounts), amounts)
    await record(context, row, "captured", units, group_id=group_id)
    _tell(context, row, "captured", cash=cash, units=units)
    if released_by is not None:
        await record(context, row, "released", rest, group_id=released_by)
        _tell(context, row, "released", cash=cash, units=rest)
    return payment_model(row, cash)


@operation(
    "payments.cancel_payment",
    scope="payments:write",
    http="POST /payments/{payment_id}/release",
    command="payment cancel",
    positional=("payment_id",),
    writes=True,
    moves_money=True,
    status=200,
)
async def cancel_payment(context: Context, body: ReleasePayment) -> Payment:
    """Cancel what a payment still holds, so that the payer can spend it again."""
    row = await locked(context, body.payment_id)
    cash = await currency_of(context, row)
    await release_rest(
        context, row, cash, _refuse_unheld(context, row), kind="released", reason=body.reason
    )
    return payment_model(row, cash)


@operation(
    "payments.expire_payments",
    scope="payments:write",
    http="POST /payments/expire",
    tool=None,
    command="payment expire",
    writes=True,
    status=200,
)
async def expire_payments(context: Context, _body: Nothing) -> ExpiredPayments:
    """Release what payments hold beyond their time; the server does this every minute by itself."""
    late = await holds.due(context, limit=EXPIRED_MAX)
    rows = await store.lock_all(context.session, context.workspace_id, late)
    await holds.lock(context, [row.id for row in rows])
    expired = [await _expire(context, row) for row in rows]
    return ExpiredPayments(expired=sum(expired))


async def workspaces_due(database: Database, clock: Any) -> list[uuid.UUID]:
    """Return workspaces with holds whose time has run out: for the scheduler."""
    async with database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        return await store.workspaces_due(transaction.session, clock.now(), WORKSPACES_MAX)


async def release_rest(
    context: Context,
    row: tables.Payment,
    cash: Currency,
    on_hold: int,
    *,
    kind: str,
    reason: str | None = None,
) -> None:
    """Give back what a locked payment holds; `kind` is released or expired."""
    expired = kind == "expired"
    end = holds.expire if expired else holds.void
    group_id = await end(context, row.id)
    amounts = amounts_of(row)
    amounts = dataclasses.replace(amounts, released=amounts.released + on_hold)
    await change(context, row, status_of(amounts, expired=expired), amounts)
    await record(context, row, kind, on_hold, group_id=group_id, reason=reason)
    _tell(context, row, kind, cash=cash, units=on_hold)


async def _expire(context: Context, row: tables.Payment) -> bool:
    """Expire a locked payment whose time has run out; False when somebody else was first."""
    on_hold = amounts_of(row).on_hold
    if not on_hold or not _is_late(context, row):
        return False
    cash = await currency_of(context, row)
    await release_rest(context, row, cash, on_hold, kind="expired")
    return True


def _is_late(context: Context, row: tables.Payment) -> bool:
    return row.expires_at is not None and row.expires_at <= context.clock.now()


def _refuse_unheld(context: Context, row: tables.Payment) -> int:
    """Return what a payment holds, in smallest units; raise when that is nothing, or too late."""
    amounts = amounts_of(row)
    if amounts.on_hold and _is_late(context, row):
        payment_id = row.id

        async def expire(later: Context) -> None:
            await _expire(later, await locked(later, payment_id))

        raise with_status(
            PaymentExpired(
                f"the hold of payment {row.id} ended at {row.expires_at:%Y-%m-%d %H:%M} UTC",
                leaves=expire,
            ),
            row,
        )
    if amounts.on_hold:
        return amounts.on_hold
    status = PaymentStatus(row.status)
    if status is PaymentStatus.EXPIRED:
        raise with_status(PaymentExpired(f"the hold of payment {row.id} has ended"), row)
    if status is PaymentStatus.CANCELED:
        raise with_status(AlreadyReleased(f"payment {row.id} was released before"), row)
    if status is PaymentStatus.REVERSED:
        raise with_status(AlreadyReversed(f"payment {row.id} was reversed"), row)
    if row.capture_method != CaptureMethod.MANUAL.value:
        raise with_status(NotOnHold(f"payment {row.id} was paid at once and holds nothing"), row)
    raise with_status(AlreadyCaptured(f"payment {row.id} holds nothing any more"), row)


def _tell(context: Context, row: tables.Payment, kind: str, *, cash: Currency, units: int) -> None:
    context.fact(
        f"payment.{kind}",
        row.id,
        status=row.status,
        amount=str(from_units(units, cash.exponent)),
        currency=cash.code,
    )
