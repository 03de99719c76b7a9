"""Proof that the book is what it must be: every invariant as one query."""

from bursar.core.model import Nothing
from bursar.ledger.models.verification import Invariant, Verification
from bursar.ledger.store import verification as store
from bursar.ledger.store.verification import Check
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

__all__ = ["Check", "add_checks", "verify"]

_added: list[Check] = []


def add_checks(*checks: Check) -> None:
    """Add invariants of a package above the book; they are verified with the book's own."""
    known = {check.id for check in (*store.CHECKS, *_added)}
    for check in checks:
        if check.id in known:
            msg = f"invariant {check.id} is stated twice"
            raise ValueError(msg)
    _added.extend(checks)


@operation(
    "ledger.verify",
    scope="ledger:read",
    http="GET /ledger/verify",
    command="ledger verify",
)
async def verify(context: Context, _query: Nothing) -> Verification:
    """Check the whole book: balanced transfers, balances, limits, holds, payments, history, lots.

    Reads every entry; differences should always be 0.
    """
    invariants = []
    for check in (*store.CHECKS, *_added):
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
