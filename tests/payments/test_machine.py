"""Random payments on the real SQL, through the one door, against an auditor that is a plain dict.

The auditor predicts each answer: the status and amounts, or the code of the refusal. After every
step what each account holds and has on hold must be what the auditor says; at the end the whole
book is verified. Keys are repeated, with the same body and with another, one after the other and at
the same time; the clock jumps both ways.
"""

import asyncio
import datetime as dt
import tempfile
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bursar.core.errors import BursarError, InFlight
from bursar.ledger.models import AccountReference
from bursar.ledger.operations.accounts import close_account
from bursar.runtime.database import Database
from tests.harness import TEST_MOMENT, Harness
from tests.payments.build import Door

EXPONENTS = {"USD": 2, "JPY": 0, "KWD": 3}
NAMES = ("first", "second", "card")
START = {"first": 100, "second": 40, "card": 0}
OUTSIDE = "outside"
EXAMPLES, STEPS = 10, 25
UNITS = st.integers(1, 70)
Document = dict[str, Any]


class JumpingClock:
    """A clock that goes where it is told, back as well."""

    def __init__(self) -> None:
        self._at = TEST_MOMENT

    def now(self) -> dt.datetime:
        return self._at

    def jump(self, by: dt.timedelta) -> None:
        self._at += by


@dataclass
class Expected:
    """One payment as the auditor knows it, in smallest units."""

    payer: str
    payee: str
    authorized: int
    manual: bool
    expires_at: dt.datetime | None
    captured: int = 0
    released: int = 0
    refunded: int = 0
    ended: str = ""

    @property
    def on_hold(self) -> int:
        return self.authorized - self.captured - self.released

    @property
    def status(self) -> str:
        if self.ended == "reversed":
            return "reversed"
        if self.on_hold:
            return "partially_captured" if self.captured else "requires_capture"
        if not self.captured:
            return self.ended
        if not self.refunded:
            return "succeeded"
        return "refunded" if self.refunded == self.captured else "partially_refunded"


@dataclass
class Auditor:
    """What every account holds, every payment is, and every key was answered with."""

    held: dict[str, int] = field(default_factory=lambda: dict(START))
    closed: set[str] = field(default_factory=set)
    payments: dict[str, Expected] = field(default_factory=dict)
    keys: dict[str, tuple[str, Document, tuple[str, Any]]] = field(default_factory=dict)

    def reserved(self, name: str) -> int:
        return sum(p.on_hold for p in self.payments.values() if p.payer == name)

    def awaited(self, name: str) -> int:
        return sum(p.on_hold for p in self.payments.values() if p.payee == name)

    def covers(self, name: str, units: int) -> bool:
        if name in ("card", OUTSIDE):
            return True
        return self.held[name] - self.reserved(name) >= units

    def move(self, giver: str, taker: str, units: int) -> None:
        for name, change in ((giver, -units), (taker, units)):
            if name != OUTSIDE:
                self.held[name] += change

    def is_closed(self, *names: str) -> bool:
        return any(name in self.closed for name in names)


class Payments(RuleBasedStateMachine):
    database_url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.database = Database(self.database_url, connections_max=4)
        self.clock = JumpingClock()
        home = Path(tempfile.gettempdir())
        self.door = Door(Harness(self.database, self.clock, home=home))  # type: ignore[arg-type]
        self.auditor = Auditor()
        self.number = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        try:
            if hasattr(self, "accounts"):
                proof = self.run(self.door.verified())
                assert proof.holds, [each for each in proof.invariants if each.differences]
        finally:
            self.run(self.database.close())
            self.loop.close()

    @initialize(currency=st.sampled_from(sorted(EXPONENTS)))
    def open_accounts(self, currency: str) -> None:
        self.currency, self.exponent = currency, EXPONENTS[currency]

        async def open_all() -> None:
            await self.door.harness.create_workspace()
            self.accounts = {
                name: await self.door.account(
                    name,
                    self.major(START[name]),
                    currency=currency,
                    kind="credit_card" if name == "card" else "checking",
                )
                for name in NAMES
            }

        self.run(open_all())

    def major(self, units: int) -> str:
        return str(Decimal(units).scaleb(-self.exponent))

    # The auditor's predictions: the code of a refusal, or what to do when it is accepted.

    def check(self, operation: str, body: Document, refusal: str | None) -> Document | None:
        """Call with a new key; return the answer, None when it was refused as predicted."""
        self.number += 1
        key = f"key-{self.number}"
        document, error = self.attempt(operation, key, body)
        code = None if error is None else error.code
        assert code == refusal, (operation, body, document, error and error.as_json())
        said = ("done", document) if error is None else ("refused", error.as_json())
        self.auditor.keys[key] = (operation, body, said)
        return document

    def attempt(
        self, operation: str, key: str, body: Document
    ) -> tuple[Document | None, BursarError | None]:
        """Return the answer or the refusal of a call."""
        try:
            return self.run(self.door.call(operation, key=key, **body)), None
        except BursarError as error:
            return None, error

    def some_payment(self, pick: int) -> tuple[str, Expected]:
        known = list(self.auditor.payments.items())
        return known[pick % len(known)]

    def late(self, payment: Expected) -> bool:
        return payment.expires_at is not None and payment.expires_at <= self.clock.now()

    def unheld(self, payment: Expected) -> str | None:
        """Return why nothing can be captured or released; what is late expires by being asked."""
        if payment.on_hold and self.late(payment):
            payment.released += payment.on_hold
            payment.ended = payment.ended or "expired"
            return "payment_expired"
        if payment.on_hold:
            return None
        by_status = {
            "expired": "payment_expired",
            "canceled": "already_released",
            "reversed": "payment_reversed",
        }
        return by_status.get(
            payment.status, "already_captured" if payment.manual else "not_on_hold"
        )

    @rule(
        payer=st.sampled_from(NAMES),
        payee=st.sampled_from([*NAMES, OUTSIDE]),
        units=UNITS,
        manual=st.booleans(),
        days=st.integers(1, 20),
        dry=st.booleans(),
    )
    def pay(
        self, payer: str, payee: str, units: int, *, manual: bool, days: int, dry: bool
    ) -> None:
        auditor = self.auditor
        body: Document = {"payer_account": payer, "amount": self.major(units)}
        body |= {"payee_name": "Shop"} if payee == OUTSIDE else {"payee_account": payee}
        expires_at = None
        if manual:
            expires_at = self.clock.now() + dt.timedelta(days=days)
            body |= {"capture_method": "manual", "expires_at": expires_at.isoformat()}
        if payer == payee and not auditor.is_closed(payer):
            with pytest.raises(BursarError, match="same account"):
                self.run(self.door.call("initiate_payment", **body))
            return
        refusal = None
        if auditor.is_closed(payer, payee):
            refusal = "account_closed"
        elif not auditor.covers(payer, units):
            refusal = "insufficient_funds"
        if dry and refusal is None:
            self.run(self.door.call("initiate_payment", key=None, dry_run=True, **body))
            return
        made = self.check("initiate_payment", body, refusal)
        if made is None:
            return
        payment = Expected(payer, payee, units, manual, expires_at)
        if not manual:
            payment.captured = units
            auditor.move(payer, payee, units)
        auditor.payments[made["id"]] = payment

    @precondition(lambda self: self.auditor.payments)
    @rule(pick=st.integers(0, 99), units=st.none() | UNITS, final=st.booleans())
    def capture(self, pick: int, units: int | None, *, final: bool) -> None:
        payment_id, payment = self.some_payment(pick)
        body: Document = {"payment_id": payment_id, "final": final}
        if units is not None:
            body["amount"] = self.major(units)
        refusal = self.unheld(payment)
        part = payment.on_hold if units is None else units
        if refusal is None and part > payment.on_hold:
            refusal = "above_held"
        if self.check("capture_payment", body, refusal) is None:
            return
        payment.captured += part
        self.auditor.move(payment.payer, payment.payee, part)
        if final:
            payment.released += payment.on_hold

    @precondition(lambda self: self.auditor.payments)
    @rule(pick=st.integers(0, 99))
    def cancel(self, pick: int) -> None:
        payment_id, payment = self.some_payment(pick)
        refusal = self.unheld(payment)
        if self.check("cancel_payment", {"payment_id": payment_id}, refusal) is None:
            return
        payment.released += payment.on_hold
        payment.ended = "canceled"

    @precondition(lambda self: self.auditor.payments)
    @rule(pick=st.integers(0, 99), units=st.none() | UNITS)
    def refund(self, pick: int, units: int | None) -> None:
        auditor = self.auditor
        payment_id, payment = self.some_payment(pick)
        body: Document = {"payment_id": payment_id, "reason": "Returned"}
        if units is not None:
            body["amount"] = self.major(units)
        left = payment.captured - payment.refunded
        part = left if units is None else units
        refusal = None
        if payment.ended == "reversed":
            refusal = "payment_reversed"
        elif not payment.captured:
            refusal = "not_captured"
        elif not left:
            refusal = "already_refunded"
        elif part > left:
            refusal = "above_captured"
        elif auditor.is_closed(payment.payer, payment.payee):
            refusal = "account_closed"
        elif not auditor.covers(payment.payee, part):
            refusal = "insufficient_funds"
        if self.check("process_refund", body, refusal) is None:
            return
        payment.refunded += part
        auditor.move(payment.payee, payment.payer, part)

    @precondition(lambda self: self.auditor.payments)
    @rule(pick=st.integers(0, 99))
    def reverse(self, pick: int) -> None:
        auditor = self.auditor
        payment_id, payment = self.some_payment(pick)
        refusal = None
        if payment.ended == "reversed":
            refusal = "payment_reversed"
        elif not payment.captured:
            refusal = "not_captured"
        elif payment.refunded:
            refusal = "already_refunded"
        elif auditor.is_closed(payment.payer, payment.payee):
            refusal = "account_closed"
        elif not auditor.covers(payment.payee, payment.captured):
            refusal = "insufficient_funds"
        body = {"payment_id": payment_id, "reason": "Booked twice"}
        if self.check("reverse_payment", body, refusal) is None:
            return
        payment.released += payment.on_hold
        payment.ended = "reversed"
        auditor.move(payment.payee, payment.payer, payment.captured)

    @rule(hours=st.integers(-200, 300), job=st.booleans())
    def let_time_jump(self, hours: int, *, job: bool) -> None:
        self.clock.jump(dt.timedelta(hours=hours))
        if not job:
            return
        late = [p for p in self.auditor.payments.values() if p.on_hold and self.late(p)]
        assert self.run(self.door.call("expire_payments"))["expired"] == len(late)
        for payment in late:
            self.unheld(payment)

    @rule(name=st.sampled_from(NAMES))
    def close(self, name: str) -> None:
        auditor = self.auditor

        async def try_closing() -> str | None:
            try:
                async with self.door.harness.context() as context:
                    reference = AccountReference(account_id=self.accounts[name].id)
                    await close_account(context, reference)
            except BursarError as error:
                return error.code
            return None

        expected = None
        if name not in auditor.closed:
            if auditor.reserved(name) or auditor.awaited(name):
                expected = "account_on_hold"
            elif auditor.held[name]:
                expected = "account_not_empty"
        assert self.run(try_closing()) == expected
        if expected is None:
            auditor.closed.add(name)

    @precondition(lambda self: self.auditor.keys)
    @rule(pick=st.integers(0, 999), other_body=st.booleans())
    def repeat(self, pick: int, *, other_body: bool) -> None:
        keys = list(self.auditor.keys)
        key = keys[pick % len(keys)]
        operation, body, (outcome, said) = self.auditor.keys[key]
        if other_body:
            changed = body | ({"reason": "other"} if "reason" in body else {"amount": "1"})
            if operation == "cancel_payment":
                changed = body | {"reason": "other"}
            if changed == body:
                return
            with pytest.raises(BursarError) as caught:
                self.run(self.door.call(operation, key=key, **changed))
            assert caught.value.code == "idempotency_key_reused"
            return
        if outcome == "refused":
            with pytest.raises(BursarError) as caught:
                self.run(self.door.call(operation, key=key, **body))
            assert (caught.value.replayed, caught.value.as_json()) == (True, said)
            return
        answer = self.run(self.door.answer(operation, key=key, **body))
        assert (answer.replayed, answer.document()) == (True, said)

    @rule(units=st.integers(1, 20), callers=st.integers(2, 4))
    def pay_at_the_same_time(self, units: int, callers: int) -> None:
        """Several callers with one new key: one payment, and one answer for all in the end."""
        auditor, key = self.auditor, f"race-{uuid.uuid4()}"
        if auditor.is_closed("first") or not auditor.covers("first", units):
            return
        body = {"payer_account": "first", "payee_name": "Shop", "amount": self.major(units)}

        async def call() -> Any:
            try:
                return await self.door.call("initiate_payment", key=key, **body)
            except InFlight:
                return None

        async def race() -> list[Any]:
            return list(await asyncio.gather(*(call() for _ in range(callers))))

        answers = [answer for answer in self.run(race()) if answer is not None]
        assert answers
        assert all(answer == answers[0] for answer in answers)
        auditor.move("first", OUTSIDE, units)
        auditor.payments[answers[0]["id"]] = Expected(
            "first", OUTSIDE, units, manual=False, expires_at=None, captured=units
        )
        auditor.keys[key] = ("initiate_payment", body, ("done", answers[0]))

    @invariant()
    def accounts_and_payments_are_as_the_auditor_says(self) -> None:
        if not hasattr(self, "accounts"):
            return
        self.run(self.compare())

    async def compare(self) -> None:
        auditor, scale = self.auditor, 10**self.exponent
        for name, account in self.accounts.items():
            held, available = await self.door.held(account, self.currency)
            if not auditor.held[name]:  # balances of zero are left out
                continue
            expected = (auditor.held[name], auditor.held[name] - auditor.reserved(name))
            assert (held * scale, available * scale) == expected, name
        found = {}
        cursor = None
        while True:
            page = await self.door.call("list_payments", key=None, limit=50, cursor=cursor)
            found |= {row["id"]: row for row in page["items"]}
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found.keys() == auditor.payments.keys()
        for payment_id, payment in auditor.payments.items():
            row = found[payment_id]
            counted = {
                name: int(Decimal(row[name]) * scale)
                for name in ("authorized", "captured", "released", "refunded", "on_hold")
            }
            assert counted == {name: getattr(payment, name) for name in counted}
            assert row["status"] == payment.status


@pytest.mark.requirement("LEDGER.01", "LEDGER.02", "LEDGER.03", "PAY.03", "PAY.07")
def test_random_payments_agree_with_the_auditor(test_database) -> None:
    class Machine(Payments):
        database_url = test_database.application_url

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
