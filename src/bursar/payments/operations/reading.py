"""Payments as they stand: one with all that happened to it, or a list, newest first."""

import datetime as dt
import uuid

from bursar.banking.operations.statements.accounts import account_named
from bursar.core.clock import utc_day_end, utc_midnight
from bursar.core.errors import InvalidInput
from bursar.core.money import from_units
from bursar.ledger.calc.currencies import Currency
from bursar.ledger.operations.accounts import existing
from bursar.payments.calc.states import PaymentStatus
from bursar.payments.models.payments import (
    CaptureMethod,
    ListPayments,
    PaymentDetail,
    PaymentEvent,
    PaymentReference,
    PaymentRow,
)
from bursar.payments.operations.parties import as_id
from bursar.payments.operations.rows import amounts_of, not_found, payment_row, refund_model
from bursar.payments.store import payments as store
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, cursor_moment, decode_cursor, encode_cursor
from bursar.runtime.registry import operation


@operation(
    "payments.check_payment_status",
    scope="payments:read",
    http="GET /payments/{payment_id}",
    tool="check_payment_status",
    command="payment show",
    positional=("payment_id",),
)
async def check_payment_status(context: Context, query: PaymentReference) -> PaymentDetail:
    """Show where a payment stands, what can still be refunded, and all that happened to it."""
    session, workspace_id = context.session, context.workspace_id
    rows = await store.search(session, workspace_id, parameters={"id": query.payment_id}, limit=1)
    if not rows:
        raise not_found(query.payment_id)
    row = rows[0]
    cash = Currency(row.code, row.exponent, "")
    changes = await store.changes(session, workspace_id, query.payment_id)
    refunds = await store.refunds(session, workspace_id, query.payment_id)
    held = row.capture_method == CaptureMethod.MANUAL.value
    first = PaymentEvent(
        at=row.created_at,
        kind="held" if held else "paid",
        status=PaymentStatus.REQUIRES_CAPTURE if held else PaymentStatus.SUCCEEDED,
        amount=from_units(int(row.amount), cash.exponent),
        reason=None,
        actor_kind=row.actor_kind,
        user_id=row.user_id,
        credential_id=row.credential_id,
        activity_id=row.id,
    )
    later = (
        PaymentEvent(
            at=each.at,
            kind=each.kind,
            status=PaymentStatus(each.status),
            amount=None if each.amount is None else from_units(int(each.amount), cash.exponent),
            reason=each.reason,
            actor_kind=each.actor_kind,
            user_id=each.user_id,
            credential_id=each.credential_id,
            activity_id=each.group_id,
        )
        for each in changes
    )
    reversed_ = row.status == PaymentStatus.REVERSED
    refundable = 0 if reversed_ else amounts_of(row).refundable
    return PaymentDetail(
        **dict(payment_row(row)),
        refundable=from_units(refundable, cash.exponent),
        timeline=(first, *later),
        refunds=tuple(refund_model(each, cash) for each in refunds),
    )


@operation(
    "payments.list_payments",
    scope="payments:read",
    http="GET /payments",
    command="payment list",
)
async def list_payments(context: Context, query: ListPayments) -> Page[PaymentRow]:
    """List payments newest first, by state, account, amount, day, reference or text."""
    account_id = None
    if query.account is not None:
        account_id = as_id(query.account)
        if account_id is None:
            account_id = (await account_named(context, query.account)).id
        else:
            await existing(context, account_id)
    values: dict[str, object] = {
        "statuses": [each.value for each in query.statuses],
        "amount_min": query.amount_min,
        "amount_max": query.amount_max,
        "currency": query.currency,
        "from_at": None if query.first_day is None else utc_midnight(query.first_day),
        "to_at": None if query.last_day is None else utc_day_end(query.last_day),
        "reference": query.reference,
        "text": None if query.text is None else _pattern(query.text),
    }
    rows = await store.search(
        context.session,
        context.workspace_id,
        parameters={name: value for name, value in values.items() if value not in (None, [])},
        account_id=account_id,
        after=None if query.cursor is None else _position(query.cursor),
        limit=query.limit + 1,
    )
    page = rows[: query.limit]
    return Page(
        items=tuple(payment_row(row) for row in page),
        next_cursor=(
            encode_cursor([page[-1].moment.isoformat(), str(page[-1].id)])
            if len(rows) > query.limit
            else None
        ),
    )


def _pattern(value: str) -> str:
    return value.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _position(cursor: str) -> tuple[dt.datetime, uuid.UUID]:
    moment, payment_id = decode_cursor(cursor, 2)
    try:
        return cursor_moment(moment), uuid.UUID(str(payment_id))
    except ValueError:
        raise InvalidInput(
            "this cursor is not one of ours",
            field="cursor",
            hint="Pass next_cursor of the previous page unchanged, or leave it out.",
        ) from None
