"""Everything that was posted and stands, for exports."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from bursar.core.errors import TooLarge
from bursar.ledger.models import ActivityKind
from bursar.ledger.models.log import LoggedActivity
from bursar.ledger.store import log as store
from bursar.runtime.context import Context

ROWS_PER_PAGE = 5_000
# How a payment's movement is told to programs that know no payments: with another own account as a
# transfer, else as money that came or went.
TOLD_AS = {
    "payment": (ActivityKind.TRANSFER_OUT, ActivityKind.WITHDRAWAL),
    "capture": (ActivityKind.TRANSFER_OUT, ActivityKind.WITHDRAWAL),
    "refund": (ActivityKind.TRANSFER_IN, ActivityKind.DEPOSIT),
}
FIRST = uuid.UUID(int=0)


async def activity_log(
    context: Context,
    *,
    account_id: uuid.UUID | None = None,
    from_at: dt.datetime | None = None,
    to_at: dt.datetime | None = None,
    rows_max: int = 1_000_000,
) -> list[LoggedActivity]:
    """Return the activities that stand (reversed ones and reversals left out), in posting order.

    from_at is inclusive, to_at exclusive. Payments, captures and refunds are told as the transfers,
    withdrawals and deposits they are; holds and their ends move nothing and are left out. Raises
    TooLarge beyond `rows_max`.
    """
    parameters: dict[str, Any] = {"account": account_id, "from_at": from_at, "to_at": to_at}
    parameters = {name: value for name, value in parameters.items() if value is not None}
    parameters |= {
        "kinds": [*TOLD_AS, *(kind.value for kind in ActivityKind)],
        "limit": ROWS_PER_PAGE,
    }
    found: list[LoggedActivity] = []
    after = FIRST
    while True:
        rows = await store.page(
            context.session, context.workspace_id, parameters | {"after": after}
        )
        found.extend(_model(row) for row in rows)
        if len(found) > rows_max:
            raise TooLarge(f"more than {rows_max} activities", hint="Export a shorter period.")
        if len(rows) < ROWS_PER_PAGE:
            return found
        after = rows[-1].id


def _model(row: Any) -> LoggedActivity:
    fields = row._asdict()
    numerator, denominator = fields.pop("ratio_numerator"), fields.pop("ratio_denominator")
    choices = fields.pop("lot_choice") or ()
    tags = fields.pop("tags") or ()
    if row.kind in TOLD_AS:
        between, outside = TOLD_AS[row.kind]
        fields["kind"] = (outside if row.counter_account_id is None else between).value
    return LoggedActivity(
        **fields,
        ratio=None if numerator is None else (int(numerator), int(denominator)),
        lot_choice=tuple((each["lot_id"], Decimal(each["quantity"])) for each in choices),
        tags=tuple(tags),
    )
