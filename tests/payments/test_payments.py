"""Payments from a balance: paid, held, captured in parts, released, expired, refunded, reversed."""

import datetime as dt
from decimal import Decimal

import pytest

from bursar.core.errors import BursarError
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
