"""From activities to the events that lots are derived from, per position.

A position is (account, instrument). An event has the id of its activity; what arrives in another
position of the same activity has that id with "/in". In which money, and what an unstated cost is
worth, is a matter of `Terms`; where nobody knows, it counts as zero and is reported as a problem.
"""

import datetime as dt
from collections.abc import Callable, Iterable

from bursar.core.money import round_to_units
from bursar.ledger.calc.lot_steps import STATED, LotActivity, LotEvents, PositionKey, Step, Terms
from bursar.ledger.calc.lots.events import (
    DeliveryIn,
    DeliveryOut,
    LotChoice,
    Merger,
    OptionEnd,
    OptionExpiry,
    Rename,
    ReturnOfCapital,
    Reward,
    SpinOff,
    Split,
    Trade,
    TransferIn,
    TransferOut,
)
from bursar.ledger.calc.option_ends import premiums
from bursar.ledger.calc.posting_order import is_timed
from bursar.ledger.models.activities import ActivityKind


def lot_events_of(activities: Iterable[LotActivity], terms: Terms = STATED) -> LotEvents:
    """Return the events of every position that the activities touch."""
    out = LotEvents()
    activities = list(activities)
    joined = premiums(activities)
    for activity in activities:
        moment = activity.effective_at.astimezone(dt.UTC)
        step = Step(
            activity,
            out,
            terms,
            str(activity.id),
            moment.date(),
            moment if is_timed(moment) else None,
            joined,
        )
        build = _BUILD.get(activity.kind)
        if build is not None:
            build(step)
    return out


def _trade(sign: int) -> Callable[[Step], None]:
    def build(step: Step) -> None:
        activity = step.activity
        end = step.premiums.get(activity.id)
        step.add(
            Trade(
                id=step.id,
                on=step.on,
                at=step.at,
                quantity=sign * step.units,
                gross=step.cost(in_kind=False),
                fees=step.money(activity.fees),
                taxes=step.money(activity.taxes),
                rate=step.rate,
                choice=tuple(
                    LotChoice(lot, round_to_units(quantity, activity.exponent))
                    for lot, quantity in activity.choice
                ),
                premium=None if end is None else str(end),
            ),
            priced=True,
        )

    return build


def _option_expiry(step: Step) -> None:
    step.add(OptionExpiry(id=step.id, on=step.on, at=step.at, quantity=step.units, rate=step.rate))


def _option_end(sign: int) -> Callable[[Step], None]:
    def build(step: Step) -> None:
        quantity = sign * step.units
        if step.activity.id not in step.premiums.values():
            step.add(
                Trade(
                    id=step.id, on=step.on, at=step.at, quantity=quantity, gross=0, rate=step.rate
                )
            )
            return
        step.add(OptionEnd(id=step.id, on=step.on, at=step.at, quantity=quantity))
        there = _there(step)
        if there is not None:
            step.out.links.append((step.here, there))

    return build


def _delivery_in(step: Step) -> None:
    event = DeliveryIn(
        id=step.id,
        on=step.on,
        at=step.at,
        quantity=step.units,
        cost=step.cost(),
        rate=step.rate,
        acquired_on=step.activity.acquired_on,
    )
    step.add(event, priced=True)


def _delivery_out(step: Step) -> None:
    value = None if step.activity.amount is None else step.money(step.activity.amount)
    _sent(step, value)


def _sent(step: Step, value: int | None) -> None:
    event = DeliveryOut(
        id=step.id, on=step.on, at=step.at, quantity=step.units, value=value, rate=step.rate
    )
    step.add(event, priced=value is not None)


def _reward(step: Step) -> None:
    event = Reward(
        id=step.id,
        on=step.on,
        at=step.at,
        quantity=step.units,
        value=step.cost(),
        rate=step.rate,
    )
    step.add(event, priced=True)


def _paid_in_kind(step: Step) -> None:
    """Handle a cost paid in units; a cost in cash that only names the instrument moves none."""
    if step.activity.amount is None and step.activity.quantity:
        _sent(step, step.terms.worth(step.units, step.activity, step.here))


def _transfer_out(step: Step) -> None:
    other = step.activity.counter_account_id
    if other is None:
        _delivery_out(step)
        return
    step.add(
        TransferOut(
            id=step.id,
            on=step.on,
            at=step.at,
            quantity=step.units,
            fees=step.money(step.activity.fees),
            rate=step.rate,
        )
    )
    step.arrive((other, step.activity.instrument_id))


def _transfer_in(step: Step) -> None:
    other = step.activity.counter_account_id
    if other is None:
        _delivery_in(step)
        return
    there = (other, step.activity.instrument_id)
    step.out.events[there].append(
        TransferOut(id=step.id, on=step.on, at=step.at, quantity=step.units, rate=step.rate)
    )
    step.out.events[step.here].append(
        TransferIn(id=f"{step.id}/in", on=step.on, at=step.at, source=step.id)
    )
    step.out.links.append((there, step.here))


def _split(step: Step) -> None:
    if step.activity.ratio is None:
        return
    numerator, denominator = step.activity.ratio
    cash = None if not step.activity.amount else step.money(step.activity.amount)
    step.add(
        Split(
            id=step.id,
            on=step.on,
            at=step.at,
            numerator=numerator,
            denominator=denominator,
            cash_in_lieu=cash,
        )
    )


def _there(step: Step) -> PositionKey | None:
    received = step.activity.counter_instrument_id
    return None if received is None else (step.activity.account_id, received)


def _spin_off(step: Step) -> None:
    there = _there(step)
    if there is None:
        return
    held = step.units or step.terms.held(step.activity, step.here)
    if step.activity.ratio is None or not held:
        step.out.problems[there] = (
            "cost_unknown",
            f"the spin_off of {step.on} does not say which share of the cost moves",
        )
        step.out.events[there].append(
            DeliveryIn(id=step.id, on=step.on, at=step.at, quantity=step.counter_units, cost=0)
        )
        return
    step.add(
        SpinOff(
            id=step.id,
            on=step.on,
            at=step.at,
            cost_share=step.activity.ratio,
            ratio=(step.counter_units, held),
            cash_in_lieu=step.money(step.activity.amount) or None,
        )
    )
    step.arrive(there)


def _merger(step: Step) -> None:
    there = _there(step)
    stated = step.activity.stock_value
    value = None if stated is None else step.money(stated)
    if value is None and there is not None:
        value = step.terms.worth(step.counter_units, step.activity, there)
    step.add(
        Merger(
            id=step.id,
            on=step.on,
            at=step.at,
            ratio=None if there is None else (step.counter_units, step.units),
            cash=step.money(step.activity.amount),
            stock_value=value,
            rate=step.rate,
        )
    )
    if there is not None:
        step.arrive(there)


def _rename(step: Step) -> None:
    there = _there(step)
    if there is None:
        return
    if step.counter_units == step.units:
        step.add(Rename(id=step.id, on=step.on, at=step.at))
    else:
        ratio = (step.counter_units, step.units)
        step.add(Merger(id=step.id, on=step.on, at=step.at, ratio=ratio))
    step.arrive(there)


def _return_of_capital(step: Step) -> None:
    event = ReturnOfCapital(
        id=step.id,
        on=step.on,
        at=step.at,
        amount=step.money(step.activity.amount),
        rate=step.rate,
    )
    step.add(event, priced=True)


_BUILD: dict[str, Callable[[Step], None]] = {
    ActivityKind.BUY: _trade(1),
    ActivityKind.SELL: _trade(-1),
    ActivityKind.TRANSFER_IN: _transfer_in,
    ActivityKind.TRANSFER_OUT: _transfer_out,
    ActivityKind.STAKING_REWARD: _reward,
    ActivityKind.DELIVERY_IN: _delivery_in,
    ActivityKind.OPENING_BALANCE: _delivery_in,
    ActivityKind.DELIVERY_OUT: _delivery_out,
    ActivityKind.WITHDRAWAL: _paid_in_kind,
    ActivityKind.FEE: _paid_in_kind,
    ActivityKind.TAX: _paid_in_kind,
    ActivityKind.INTEREST_CHARGE: _paid_in_kind,
    ActivityKind.SPLIT: _split,
    ActivityKind.SPIN_OFF: _spin_off,
    ActivityKind.MERGER: _merger,
    ActivityKind.RENAME: _rename,
    ActivityKind.RETURN_OF_CAPITAL: _return_of_capital,
    ActivityKind.OPTION_EXERCISE: _option_end(-1),
    ActivityKind.OPTION_ASSIGNMENT: _option_end(1),
    ActivityKind.OPTION_EXPIRY: _option_expiry,
}
LOT_KINDS = tuple(_BUILD)
