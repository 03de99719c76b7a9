"""Payments from a balance: paid, held, captured in parts, released, expired, refunded, reversed."""

import asyncio
import datetime as dt
import uuid
from decimal import Decimal

import pytest

from bursar.core.errors import BursarError
from bursar.interfaces.jobs import expire_late_payments
from bursar.ledger.errors import PartOfPayment
from bursar.ledger.models import Account, AccountReference
from bursar.ledger.operations.accounts import close_account
from bursar.ledger.operations.activities import reverse_activity
from bursar.payments.models.payments import CaptureMethod, InitiatePayment
from bursar.payments.operations.payments import initiate_payment
from bursar.runtime.cleanup import delete_expired
from tests.harness import Harness
from tests.payments.build import Door

D = Decimal


async def refused(door: Door, operation: str, /, **body) -> BursarError:
    with pytest.raises(BursarError) as caught:
        await door.call(operation, **body)
    return caught.value


@pytest.mark.requirement("PAY.02", "PAY.07", "LEDGER.01")
async def test_a_payment_moves_the_amount_at_once(door: Door) -> None:
    payer = await door.account("Checking", "100")
    payee = await door.account("Shop")
    paid = await door.call(
        "initiate_payment", payer_account="Checking", payee_account=str(payee.id), amount="30.00"
    )
    assert (paid["status"], paid["captured"], paid["on_hold"]) == ("succeeded", "30.00", "0.00")
    assert await door.held(payer) == (D("70"), D("70"))
    assert await door.held(payee) == (D("30"), D("30"))
    shown = await door.call("check_payment_status", key=None, payment_id=paid["id"])
    assert [e["kind"] for e in shown["timeline"]] == ["paid"]
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.02", "PAY.07")
async def test_a_hold_is_captured_in_parts_and_the_rest_released(door: Door) -> None:
    payer = await door.account("Checking", "100")
    held = await door.call(
        "initiate_payment",
        payer_account="Checking",
        payee_name="Hotel",
        amount="60",
        capture_method="manual",
    )
    assert held["status"] == "requires_capture"
    assert await door.held(payer) == (D("100"), D("40"))
    part = await door.call("capture_payment", payment_id=held["id"], amount="20", final=False)
    assert (part["status"], part["captured"], part["on_hold"]) == (
        "partially_captured",
        "20.00",
        "40.00",
    )
    above = await refused(door, "capture_payment", payment_id=held["id"], amount="40.01")
    assert (above.code, above.details) == (
        "above_held", {"on_hold": "40.00", "asked": "40.01", "currency": "USD"},
    )  # fmt: skip
    done = await door.call("capture_payment", payment_id=held["id"], amount="25")
    assert (done["status"], done["captured"], done["released"]) == ("succeeded", "45.00", "15.00")
    assert await door.held(payer) == (D("55"), D("55"))
    error = await refused(door, "capture_payment", payment_id=held["id"])
    assert (error.code, error.details) == ("already_captured", {"status": "succeeded"})
    assert (await door.verified()).holds


@pytest.mark.requirement("PAY.03", "LEDGER.02")
async def test_refunds_never_exceed_what_was_paid(door: Door) -> None:
    payer = await door.account("Checking", "100")
    await door.account("Shop")
    paid = await door.call(
        "initiate_payment", payer_account="Checking", payee_account="Shop", amount="30"
    )
    first = await door.call("process_refund", payment_id=paid["id"], amount="10", reason="Broken")
    assert (first["payment_status"], first["refundable"]) == ("partially_refunded", "20.00")
    above = await refused(door, "process_refund", payment_id=paid["id"], amount="20.01")
    assert (above.code, above.details["refundable"]) == ("above_captured", "20.00")
    rest = await door.call("process_refund", payment_id=paid["id"])
    assert (rest["amount"], rest["payment_status"]) == ("20.00", "refunded")
    cent = await refused(door, "process_refund", payment_id=paid["id"], amount="0.01")
    assert cent.code == "already_refunded"
    assert await door.held(payer) == (D("100"), D("100"))
    shown = await door.call("check_payment_status", key=None, payment_id=paid["id"])
    assert [r["reason"] for r in shown["refunds"]] == ["Broken", None]
    assert [e["actor_kind"] for e in shown["timeline"]] == ["person"] * 3
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.02", "PAY.07")
async def test_a_hold_beyond_its_time_is_refused_and_expired_at_once(door: Door) -> None:
    payer = await door.account("Checking", "100")
    held = await door.call(
        "initiate_payment",
        payer_account="Checking",
        payee_name="Hotel",
        amount="60",
        capture_method="manual",
    )
    door.harness.clock.advance(dt.timedelta(days=7))
    error = await refused(door, "capture_payment", payment_id=held["id"])
    assert error.code == "payment_expired"
    assert await door.held(payer) == (D("100"), D("100"))
    shown = await door.call("check_payment_status", key=None, payment_id=held["id"])
    assert (shown["status"], [e["kind"] for e in shown["timeline"]]) == (
        "expired",
        ["held", "expired"],
    )
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.01")
async def test_a_reversal_undoes_all_captures_as_of_their_day(door: Door) -> None:
    payer = await door.account("Checking", "100")
    held = await door.call(
        "initiate_payment",
        payer_account="Checking",
        payee_name="Hotel",
        amount="60",
        capture_method="manual",
    )
    for amount in ("10", "20"):
        await door.call("capture_payment", payment_id=held["id"], amount=amount, final=False)
    done = await door.call("reverse_payment", payment_id=held["id"], reason="Booked twice")
    assert (done["status"], done["captured"], done["released"]) == ("reversed", "30.00", "30.00")
    assert await door.held(payer) == (D("100"), D("100"))
    assert (await door.verified()).holds
    error = await refused(door, "process_refund", payment_id=held["id"])
    assert error.code == "payment_reversed"


@pytest.mark.requirement("LEDGER.03", "PAY.02")
async def test_a_refusal_is_an_answer_and_a_fault_of_the_body_is_not(door: Door) -> None:
    await door.account("Checking", "10")
    body = {"payer_account": "Checking", "payee_name": "Shop", "amount": "30"}
    first = await refused(door, "initiate_payment", key="k1", **body)
    assert (first.code, first.details["available"], first.details["needed"]) == (
        "insufficient_funds",
        "10.00",
        "30.00",
    )
    await door.account("Other", "100")
    again = await refused(door, "initiate_payment", key="k1", **body)
    assert again.replayed
    assert again.as_json() == first.as_json()
    wrong = await refused(door, "initiate_payment", key="k2", **(body | {"amount": "0.001"}))
    assert wrong.code == "invalid_input"
    assert wrong.field == "amount"
    right = await door.call("initiate_payment", key="k2", **(body | {"amount": "1"}))
    assert right["status"] == "succeeded"


@pytest.mark.requirement("LEDGER.01")
@pytest.mark.parametrize(
    ("currency", "amount", "below", "smallest"),
    [
        ("JPY", "1200", "0.5", "1"),
        ("KWD", "1.234", "0.0005", "0.001"),
        ("USD", "0.01", "0.001", "0.01"),
    ],
)
async def test_amounts_are_whole_units_of_their_currency(
    door: Door, currency: str, amount: str, below: str, smallest: str
) -> None:
    payer = await door.account("Payer", "5000", currency=currency)
    body = {"payer_account": "Payer", "payee_name": "Shop"}
    paid = await door.call("initiate_payment", amount=amount, **body)
    assert (paid["amount"], paid["currency"]) == (amount, currency)
    error = await refused(door, "initiate_payment", amount=below, **body)
    assert (error.code, error.field, error.details) == (
        "invalid_input", "amount", {"smallest": smallest},
    )  # fmt: skip
    rest = await refused(door, "process_refund", payment_id=paid["id"], amount=below)
    assert rest.field == "amount"
    await door.call("process_refund", payment_id=paid["id"])
    assert (await door.held(payer, currency))[0] == D(5000)


@pytest.mark.requirement("PAY.09")
async def test_each_refusal_says_what_and_leaves_nothing_behind(door: Door) -> None:
    payer = await door.account("Payer", "10")
    await door.account("Yen", "1000", currency="JPY")
    closed = await door.account("Closed")
    async with door.harness.context() as context:
        await close_account(context, AccountReference(account_id=closed.id))
    pay = {"payer_account": "Payer", "payee_name": "Shop", "amount": "1"}
    to_yen = {"payer_account": "Payer", "payee_account": "Yen", "amount": "1"}
    cases = [
        (pay | {"payer_account": "Closed"}, "account_closed", "payer_account"),
        (to_yen | {"payee_account": "Closed"}, "account_closed", "payee_account"),
        (to_yen | {"payee_account": str(payer.id)}, "same_account", "payee_account"),
        (to_yen, "wrong_currency", "payee_account"),
        (pay | {"currency": "EUR"}, "wrong_currency", "currency"),
        (pay | {"currency": "XXQ"}, "invalid_input", "currency"),
        (pay | {"payer_account": "Nobody"}, "account_not_found", "payer_account"),
        (pay | {"amount": "10.01"}, "insufficient_funds", "amount"),
        ({"payer_account": "Payer", "amount": "1"}, "invalid_input", None),
        (pay | {"expires_at": "2026-02-01T00:00:00Z"}, "invalid_input", None),
        (
            pay | {"capture_method": "manual", "expires_at": "2026-01-15T12:00:00Z"},
            "invalid_input",
            "expires_at",
        ),
        (pay | {"metadata": {str(n): "x" * 400 for n in range(30)}}, "invalid_input", "metadata"),
    ]
    for body, code, name in cases:
        error = await refused(door, "initiate_payment", **body)
        assert (error.code, error.field) == (code, name), (body, error.as_json())
        assert error.message
    listed = await door.call("list_payments", key=None)
    assert listed["items"] == []
    assert await door.held(payer) == (D(10), D(10))


async def test_a_credit_line_is_spent_by_owing_unless_it_is_limited(door: Door) -> None:
    card = await door.account("Card", kind="credit_card")
    body = {"payer_account": "Card", "payee_name": "Shop", "amount": "50"}
    assert (await door.call("initiate_payment", **body))["status"] == "succeeded"
    assert await door.held(card) == (D(-50), D(-50))
    await door.account("Limited", kind="credit_card", no_overdraft=True)
    error = await refused(door, "initiate_payment", **(body | {"payer_account": "Limited"}))
    assert error.code == "insufficient_funds"


@pytest.mark.requirement("LEDGER.01")
async def test_payments_are_listed_by_page_account_amount_state_and_text(door: Door) -> None:
    await door.account("Payer", "1000")
    await door.account("Shop")
    made = []
    for number in range(1, 8):
        door.harness.clock.advance(dt.timedelta(hours=number))
        body = {"payer_account": "Payer", "amount": str(number), "reference": f"INV-{number}"}
        body |= {"payee_account": "Shop"} if number % 2 else {"payee_name": "Hotel 100%"}
        if number == 4:
            body["capture_method"] = "manual"
        made.append((await door.call("initiate_payment", **body))["id"])

    async def ids(**query) -> list[int]:
        found, cursor = [], None
        while True:
            page = await door.call("list_payments", key=None, limit=2, cursor=cursor, **query)
            found += [made.index(row["id"]) + 1 for row in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    assert await ids() == [7, 6, 5, 4, 3, 2, 1]
    assert await ids(account="Shop") == [7, 5, 3, 1]
    assert await ids(account="Payer") == [7, 6, 5, 4, 3, 2, 1]
    assert await ids(account="Payer", amount_min="2.5", amount_max="5") == [5, 4, 3]
    assert await ids(statuses=["requires_capture"]) == [4]
    assert await ids(text="hotel 100%") == [6, 4, 2]
    assert await ids(text="100_") == []
    assert await ids(reference="INV-3") == [3]
    assert await ids(currency="EUR") == []
    assert await ids(first_day="2026-01-16") == [7, 6, 5]
    assert await ids(last_day="2026-01-15") == [4, 3, 2, 1]
    error = await refused(door, "list_payments", cursor="bad", key=None)
    assert error.field == "cursor"


@pytest.mark.requirement("LEDGER.01")
async def test_an_activity_of_a_payment_is_undone_only_by_the_payment(door: Door) -> None:
    await door.account("Payer", "10")
    paid = await door.call("initiate_payment", payer_account="Payer", payee_name="S", amount="1")
    with pytest.raises(PartOfPayment):
        async with door.harness.context() as context:
            await reverse_activity(context, uuid.UUID(paid["id"]), "no")


@pytest.mark.requirement("LEDGER.02")
async def test_an_account_with_a_hold_is_not_closed_on_either_side(door: Door) -> None:
    payer = await door.account("Payer", "10")
    payee = await door.account("Payee")
    held = await door.call(
        "initiate_payment", payer_account="Payer", payee_account="Payee", amount="10",
        capture_method="manual",
    )  # fmt: skip

    for account in (payer, payee):
        assert await close(door, account) == "account_on_hold"
    await door.call("capture_payment", payment_id=held["id"])
    assert await close(door, payer) == "closed"
    error = await refused(door, "process_refund", payment_id=held["id"])
    assert error.code == "account_closed"


async def close(door: Door, account: Account) -> str:
    """Close an account; return "closed", or the code of the refusal."""
    try:
        async with door.harness.context() as context:
            await close_account(context, AccountReference(account_id=account.id))
    except BursarError as error:
        return error.code
    return "closed"


@pytest.mark.requirement("LEDGER.01")
@pytest.mark.parametrize("manual", [False, True])
async def test_an_account_is_not_closed_while_a_payment_to_it_is_being_posted(
    door: Door, *, manual: bool
) -> None:
    payer, payee = await door.account("Payer", "10"), await door.account("Payee")
    body = InitiatePayment(
        payer_account=str(payer.id),
        payee_account=str(payee.id),
        amount=D(1),
        capture_method=CaptureMethod.MANUAL if manual else CaptureMethod.AUTOMATIC,
    )
    async with door.harness.context() as context:
        await initiate_payment(context, body)
        closing = asyncio.create_task(close(door, payee))
        await asyncio.sleep(0.3)
        assert not closing.done()
    assert await closing == ("account_on_hold" if manual else "account_not_empty")


@pytest.mark.requirement("LEDGER.01")
@pytest.mark.parametrize("manual", [False, True])
async def test_nothing_is_paid_into_an_account_that_is_being_closed(
    door: Door, *, manual: bool
) -> None:
    await door.account("Payer", "10")
    payee = await door.account("Payee")
    more = {"capture_method": "manual"} if manual else {}

    async def pay() -> BursarError:
        body = {"payer_account": "Payer", "payee_account": "Payee", "amount": "1"}
        return await refused(door, "initiate_payment", **body, **more)

    async with door.harness.context() as context:
        await close_account(context, AccountReference(account_id=payee.id))
        paying = asyncio.create_task(pay())
        await asyncio.sleep(0.3)
        assert not paying.done()
    assert (await paying).code == "account_closed"


@pytest.mark.requirement("LEDGER.02")
async def test_the_scheduler_expires_what_is_late_in_every_workspace(door: Door) -> None:
    other = Door(Harness(door.harness.database, door.harness.clock, home=door.harness.home))
    await other.harness.create_workspace()
    for each in (door, other):
        await each.account("Payer", "10")
        await each.call(
            "initiate_payment", payer_account="Payer", payee_name="Hotel", amount="10",
            capture_method="manual",
        )  # fmt: skip
    await expire_late_payments(door.application)  # others may be late; these are not
    for each in (door, other):
        (row,) = (await each.call("list_payments", key=None))["items"]
        assert row["status"] == "requires_capture"
    door.harness.clock.advance(dt.timedelta(days=8))
    assert (await expire_late_payments(door.application))["workspaces"] >= 2
    for each in (door, other):
        (row,) = (await each.call("list_payments", key=None))["items"]
        assert (row["status"], row["released"]) == ("expired", "10.00")
        shown = await each.call("check_payment_status", key=None, payment_id=row["id"])
        assert shown["timeline"][1]["actor_kind"] == "system"


@pytest.mark.requirement("LEDGER.01", "LEDGER.03")
async def test_payments_at_the_same_time_cannot_spend_the_same_money_twice(door: Door) -> None:
    payer = await door.account("Payer", "100")
    await door.account("Shop")
    body = {"payer_account": "Payer", "payee_account": "Shop", "amount": "30"}

    async def pay(number: int) -> str:
        more = {"capture_method": "manual"} if number % 2 else {}
        try:
            return (await door.call("initiate_payment", **body, **more))["id"]
        except BursarError as error:
            return error.code

    outcomes = await asyncio.gather(*(pay(number) for number in range(8)))
    assert outcomes.count("insufficient_funds") == 5
    assert (await door.held(payer))[1] == D(10)
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.02")
async def test_captures_and_refunds_at_the_same_time_happen_once(door: Door) -> None:
    await door.account("Payer", "100")
    held = await door.call(
        "initiate_payment", payer_account="Payer", payee_name="Hotel", amount="100",
        capture_method="manual",
    )  # fmt: skip

    async def outcome(operation: str, **body) -> str:
        try:
            await door.call(operation, payment_id=held["id"], **body)
        except BursarError as error:
            return error.code
        return "done"

    acts = [outcome("capture_payment", amount="40", final=False) for _ in range(4)]
    assert sorted(await asyncio.gather(*acts)) == ["above_held", "above_held", "done", "done"]
    acts = [outcome("process_refund", amount="50") for _ in range(4)]
    acts.append(outcome("cancel_payment"))
    outcomes = sorted(await asyncio.gather(*acts))
    assert outcomes == ["above_captured"] * 3 + ["done", "done"]
    shown = await door.call("check_payment_status", key=None, payment_id=held["id"])
    assert (shown["status"], shown["captured"], shown["refunded"], shown["released"]) == (
        "partially_refunded", "80.00", "50.00", "20.00",
    )  # fmt: skip
    assert (await door.verified()).holds


@pytest.mark.requirement("LEDGER.03")
async def test_keys_of_payments_outlive_the_clean_up(door: Door) -> None:
    await door.account("Payer", "10")
    body = {"payer_account": "Payer", "payee_name": "Shop"}
    first = await door.answer("initiate_payment", key="old", amount="1", **body)
    poor = await refused(door, "initiate_payment", key="old-refusal", amount="99", **body)
    door.harness.clock.advance(dt.timedelta(days=4_000))
    await delete_expired(door.harness.database, door.harness.clock)
    again = await door.answer("initiate_payment", key="old", amount="1", **body)
    assert (again.replayed, again.document()) == (True, first.document())
    same = await refused(door, "initiate_payment", key="old-refusal", amount="99", **body)
    assert (same.replayed, same.as_json()) == (True, poor.as_json())
