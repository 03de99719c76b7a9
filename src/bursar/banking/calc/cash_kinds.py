"""What a cash row becomes: the ledger's kind by the way the money went, with its gross and costs."""

from typing import Any

from bursar.banking.calc.amounts import Cash
from bursar.banking.formats.statement import ActivityKind as Stated
from bursar.ledger.models.activities import ActivityKind

# What a cash row becomes when money came in, and when it went out.
CASH_KINDS = {
    Stated.DEPOSIT: (ActivityKind.DEPOSIT, ActivityKind.WITHDRAWAL),
    Stated.WITHDRAWAL: (ActivityKind.DEPOSIT, ActivityKind.WITHDRAWAL),
    Stated.TRANSFER_IN: (ActivityKind.TRANSFER_IN, ActivityKind.TRANSFER_OUT),
    Stated.TRANSFER_OUT: (ActivityKind.TRANSFER_IN, ActivityKind.TRANSFER_OUT),
    Stated.DIVIDEND: (ActivityKind.DIVIDEND, ActivityKind.FEE),
    Stated.CAPITAL_GAIN_DISTRIBUTION: (ActivityKind.DIVIDEND, ActivityKind.FEE),
    Stated.INTEREST: (ActivityKind.INTEREST, ActivityKind.INTEREST_CHARGE),
    Stated.FEE: (ActivityKind.OTHER_INCOME, ActivityKind.FEE),
    Stated.TAX: (ActivityKind.TAX_REFUND, ActivityKind.TAX),
    Stated.TAX_REFUND: (ActivityKind.TAX_REFUND, ActivityKind.TAX),
    Stated.RETURN_OF_CAPITAL: (ActivityKind.RETURN_OF_CAPITAL, ActivityKind.FEE),
    Stated.STAKING_REWARD: (ActivityKind.STAKING_REWARD, ActivityKind.FEE),
}
# Cash kinds that keep the security they belong to; for the others it would move units.
WITH_INSTRUMENT = frozenset(
    {
        ActivityKind.DIVIDEND,
        ActivityKind.INTEREST,
        ActivityKind.INTEREST_CHARGE,
        ActivityKind.FEE,
        ActivityKind.TAX,
        ActivityKind.TAX_REFUND,
        ActivityKind.RETURN_OF_CAPITAL,
        ActivityKind.OTHER_INCOME,
    }
)
INCOMING = frozenset(
    {
        Stated.DEPOSIT,
        Stated.TRANSFER_IN,
        Stated.DIVIDEND,
        Stated.CAPITAL_GAIN_DISTRIBUTION,
        Stated.INTEREST,
        Stated.TAX_REFUND,
        Stated.RETURN_OF_CAPITAL,
    }
)


def cash_fields(kind: Stated, cash: Cash) -> tuple[ActivityKind, dict[str, Any]]:
    """Return the kind that does what the money did, with its gross amount and costs."""
    kind_in, kind_out = CASH_KINDS.get(kind, CASH_KINDS[Stated.DEPOSIT])
    comes_in = cash.net > 0 or (cash.gross_in > 0 and kind in INCOMING)
    gross = cash.gross_in if comes_in else cash.gross_out
    fields: dict[str, Any] = {"amount": gross, "fees": cash.fees, "taxes": cash.taxes}
    if gross <= 0:  # the row is nothing but its costs
        fields = {"amount": cash.net.copy_abs()}
    return (kind_in if comes_in else kind_out), fields
