"""Builders with defaults for the ledger's inputs."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from bursar.core.ids import new_id
from bursar.ledger.models import (
    Account,
    AccountKind,
    ActivityKind,
    CommodityKind,
    InstrumentRef,
    NewAccount,
    NewActivity,
)
from bursar.ledger.operations import accounts
from tests.harness import Harness


def instrument(code: str = "AAPL", exponent: int = 6) -> InstrumentRef:
    return InstrumentRef(
        instrument_id=new_id(), code=code, exponent=exponent, kind=CommodityKind.SECURITY
    )


def moment(day: int, hour: int = 0, *, month: int = 3, year: int = 2025) -> dt.datetime:
    return dt.datetime(year, month, day, hour, tzinfo=dt.UTC)


def activity(
    account_id: uuid.UUID, kind: ActivityKind, at: dt.datetime, **fields: Any
) -> NewActivity:
    return NewActivity(account_id=account_id, kind=kind, effective_at=at, **fields)


def deposit(account_id: uuid.UUID, amount: str, at: dt.datetime, **fields: Any) -> NewActivity:
    return activity(account_id, ActivityKind.DEPOSIT, at, amount=Decimal(amount), **fields)


async def open_account(harness: Harness, name: str = "Broker", **fields: Any) -> Account:
    fields = {"kind": AccountKind.BROKERAGE, "currency": "USD", **fields}
    async with harness.context() as context:
        return await accounts.open_account(context, NewAccount(name=name, **fields))
