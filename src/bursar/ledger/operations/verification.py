"""Proof that the book is what it must be: every invariant as one query."""

from bursar.core.model import Nothing
from bursar.ledger.models.verification import Invariant, Verification
from bursar.ledger.store import verification as store
from bursar.runtime.context import Context
from bursar.runtime.registry import operation


@operation(
    "ledger.verify",
    scope="ledger:read",
    http="GET /ledger/verify",
    command="ledger verify",
)
async def verify(context: Context, _query: Nothing) -> Verification:
    """Check the whole book: balanced transfers, balances, limits, holds, history, lots.

    Reads every entry; differences should always be 0.
    """
    invariants = []
    for check in store.CHECKS:
        checked, differences, offenders = await store.run(
            context.session, context.workspace_id, check
        )
        invariants.append(
            Invariant(
                id=check.id,
                name=check.name,
                checked=checked,
                differences=differences,
                offenders=tuple(offenders),
            )
        )
    return Verification(
        holds=all(each.differences == 0 for each in invariants), invariants=tuple(invariants)
    )
