"""A payment's row: found and locked, changed with a line of its history, shown in major units."""

import uuid
from typing import Any

from bursar.core.errors import BursarError
from bursar.core.money import format_decimal, from_units
from bursar.ledger.calc.currencies import Currency
from bursar.ledger.operations import cash as ledger_cash
from bursar.payments import tables
from bursar.payments.calc.states import Amounts, PaymentStatus
from bursar.payments.errors import PaymentNotFound, TooManyChanges
from bursar.payments.models.payments import Payment, PaymentRow, Refund
from bursar.payments.store import payments as store
from bursar.runtime.context import Context

CHANGES_MAX = 1_000
COPIED = (
    "id",
    "status",
    "capture_method",
    "method",
    "payer_account_id",
    "payee_account_id",
    "payee_name",
    "description",
    "reference",
    "failure_code",
    "expires_at",
    "created_at",
    "changed_at",
    "idempotency_key",
)


async def locked(context: Context, payment_id: uuid.UUID) -> tables.Payment:
    """Return a payment that nobody else changes until the transaction ends."""
    row = await store.find(context.session, context.workspace_id, payment_id, lock=True)
    if row is None:
        raise not_found(payment_id)
    return row


def not_found(payment_id: uuid.UUID) -> PaymentNotFound:
    """Return the error for an id that is none of this workspace's payments."""
    return PaymentNotFound(f"there is no payment {payment_id}", field="payment_id")


async def currency_of(context: Context, row: tables.Payment) -> Currency:
    """Return the currency of a payment with the places it is counted in."""
    found = await ledger_cash.currencies_of(context, {row.commodity_id})
    code, exponent = found[row.commodity_id]
    return Currency(code, exponent, "")


def amounts_of(row: Any) -> Amounts:
    """Return what became of a payment's amount, in smallest units."""
    return Amounts(
        authorized=int(row.authorized),
        captured=int(row.captured),
        released=int(row.released),
        refunded=int(row.refunded),
        disputed=int(row.disputed),
    )


async def record(
    context: Context,
    row: tables.Payment,
    kind: str,
    units: int,
    *,
    group_id: uuid.UUID | None = None,
    reason: str | None = None,
) -> None:
    """Write a change down in the payment's history, at the present moment."""
    number = await store.last_number(context.session, context.workspace_id, row.id) + 1
    if number > CHANGES_MAX:
        raise TooManyChanges(f"a payment changes at most {CHANGES_MAX} times")
    context.session.add(
        tables.PaymentChange(
            workspace_id=context.workspace_id,
            payment_id=row.id,
            number=number,
            at=context.clock.now(),
            kind=kind,
            status=row.status,
            amount=units,
            group_id=group_id,
            reason=reason,
            **actor_columns(context),
        )
    )
    await context.session.flush()


async def change(
    context: Context, row: tables.Payment, status: PaymentStatus, amounts: Amounts
) -> None:
    """Give a payment its new amounts and the status they stand for."""
    row.captured, row.released = _units(amounts.captured), _units(amounts.released)
    row.refunded = _units(amounts.refunded)
    row.status = status.value
    row.changed_at = context.clock.now()
    await context.session.flush()


def actor_columns(context: Context) -> dict[str, Any]:
    """Return who is acting, as payments, refunds and changes keep it."""
    actor = context.actor
    return {
        "actor_kind": actor.kind.value,
        "user_id": actor.user_id,
        "credential_id": actor.credential_id,
    }


def payment_model(row: Any, cash: Currency) -> Payment:
    """Return a payment as interfaces show it."""
    return Payment(**_fields(row, cash))


def payment_row(row: Any) -> PaymentRow:
    """Return a payment with the names of its accounts; `row` is one of the search."""
    return PaymentRow(
        **_fields(row, Currency(row.code, row.exponent, "")),
        payer_account_name=row.payer_account_name,
        payee_account_name=row.payee_account_name,
    )


def refund_model(row: tables.Refund, cash: Currency) -> Refund:
    """Return a refund as interfaces show it."""
    return Refund(
        id=row.id,
        payment_id=row.payment_id,
        amount=from_units(int(row.amount), cash.exponent),
        currency=cash.code,
        status=row.status,
        reason=row.reason,
        created_at=row.created_at,
        actor_kind=row.actor_kind,
        user_id=row.user_id,
        credential_id=row.credential_id,
    )


def amount_facts(cash: Currency, **units: int) -> dict[str, Any]:
    """Return amounts for an error's details: decimal strings in major units, with the currency."""
    said = {name: format_decimal(from_units(value, cash.exponent)) for name, value in units.items()}
    return {**said, "currency": cash.code}


def with_status(error: BursarError, row: tables.Payment) -> BursarError:
    """Add the payment's status to an error's details."""
    error.details = {**(error.details or {}), "status": row.status}
    return error


def _fields(row: Any, cash: Currency) -> dict[str, Any]:
    amounts = amounts_of(row)
    counted = {
        "amount": int(row.amount),
        "authorized": amounts.authorized,
        "captured": amounts.captured,
        "released": amounts.released,
        "on_hold": amounts.on_hold,
        "refunded": amounts.refunded,
        "disputed": amounts.disputed,
    }
    return {
        **{name: getattr(row, name) for name in COPIED},
        **{name: from_units(units, cash.exponent) for name, units in counted.items()},
        "currency": cash.code,
        "metadata": row.details,
    }


def _units(units: int) -> Any:
    """Return units as the numeric column takes them."""
    return units
