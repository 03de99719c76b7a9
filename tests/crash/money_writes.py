"""The operations that the matrix writes with: one entry each, so that a new one is a few lines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.crash.installation import Installation

PAYER, PAYEE = "Everyday", "Savings"
OPENED_AT = "2024-01-01T00:00:00Z"


@dataclass(frozen=True)
class MoneyWrite:
    """A write that moves one unit of money and carries its key where the book keeps it.

    identity: the id in an answer. stored: SQL that returns (key, id), one row for each time that
    a key moved money.
    """

    name: str
    path: str
    prepare: Callable[[Installation], None]
    body: Callable[[str], dict[str, Any]]
    identity: Callable[[Any], str]
    stored: str


def _open_account(installation: Installation, name: str) -> None:
    account = {"name": name, "kind": "checking", "currency": "USD", "opened_at": OPENED_AT}
    status, answer = installation.send("POST", "/api/v1/accounts", account, f"account {name}")
    assert status == 201, answer


def _deposit(key: str) -> dict[str, Any]:
    return {"account": PAYER, "kind": "deposit", "effective_at": "2024-01-02",
            "amount": "1.00", "memo": key}  # fmt: skip


def _open_both_and_fill(installation: Installation) -> None:
    _open_account(installation, PAYER)
    _open_account(installation, PAYEE)
    funds = {**_deposit("funds"), "amount": "100000000.00"}
    status, answer = installation.send("POST", "/api/v1/transactions", funds, "funds")
    assert status == 201, answer


RECORD_TRANSACTION = MoneyWrite(
    name="record_transaction",
    path="/api/v1/transactions",
    prepare=lambda installation: _open_account(installation, PAYER),
    body=_deposit,
    identity=lambda answer: str(answer["transaction_id"]),
    stored="SELECT memo AS key, id::text AS id FROM transfer_group WHERE memo IS NOT NULL",
)
INITIATE_PAYMENT = MoneyWrite(
    name="initiate_payment",
    path="/api/v1/payments",
    prepare=_open_both_and_fill,
    body=lambda key: {
        "payer_account": PAYER, "payee_account": PAYEE, "amount": "1.00", "description": key,
    },
    identity=lambda answer: str(answer["id"]),
    stored="SELECT description AS key, id::text AS id FROM payment",
)  # fmt: skip

MONEY_WRITES = {write.name: write for write in (RECORD_TRANSACTION, INITIATE_PAYMENT)}
