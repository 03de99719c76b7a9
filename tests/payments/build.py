"""Builders for payments, and calls through the one door with keys of their own."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bursar.core.model import Nothing
from bursar.interfaces import catalogue
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import Answer, Call, invoke
from bursar.ledger.models import Account, BalancesQuery
from bursar.ledger.operations import activities, balances, verification
from bursar.runtime.actor import Source
from tests.harness import Harness
from tests.ledger import build as ledger_build

catalogue.load()
D = Decimal


@dataclass
class Door:
    """One workspace behind `invoke`, with a clock the test owns."""

    harness: Harness
    application: Application = field(init=False)

    def __post_init__(self) -> None:
        harness = self.harness
        self.application = Application(harness.settings, harness.clock, harness.database)

    async def call(
        self, operation: str, /, *, key: str | None = "", dry_run: bool = False, **body: Any
    ) -> Any:
        """Return the answer's document; a new key each time unless one is given."""
        return (await self.answer(operation, key=key, dry_run=dry_run, **body)).document()

    async def answer(
        self, operation: str, /, *, key: str | None = "", dry_run: bool = False, **body: Any
    ) -> Answer:
        call = Call(
            f"payments.{operation}",
            body,
            Source.REST,
            actor=self.harness.actor(),
            idempotency_key=str(uuid.uuid4()) if key == "" else key,
            dry_run=dry_run,
        )
        return await invoke(self.application, call)

    async def account(self, name: str, amount: str = "0", **fields: Any) -> Account:
        """Open an account that holds `amount` since the day before."""
        fields = {"kind": "checking", **fields}
        account = await ledger_build.open_account(self.harness, name, **fields)
        if D(amount):
            at = self.harness.clock.now() - dt.timedelta(days=1)
            async with self.harness.context() as context:
                item = ledger_build.deposit(account.id, amount, at)
                await activities.post_activities(context, [item])
        return account

    async def held(self, account: Account, code: str = "USD") -> tuple[Decimal, Decimal]:
        """Return what an account holds of a currency, and what is available of it."""
        async with self.harness.context(read_only=True) as context:
            report = await balances.get_balances(context, BalancesQuery(account_id=account.id))
        for each in report.accounts[0].balances:
            if each.code == code:
                assert each.available is not None
                return each.amount, each.available
        return D(0), D(0)

    async def verified(self) -> verification.Verification:
        async with self.harness.context(read_only=True) as context:
            return await verification.verify(context, Nothing())
