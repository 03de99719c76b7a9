"""Which lots do not know what they cost, because what brought them does not say.

An opening or a delivery without a stated cost, or a spin-off that does not say which share of the
cost moves, opens lots at what they were worth that day. Returns need no more than that. Cost and
gains since the beginning do, so they have no value until a person states the cost.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from bursar.ledger.calc.lots.lot import Lot, Match
from bursar.ledger.calc.lots.position import Method
from bursar.ledger.operations.legs import ActivityFacts
from bursar.portfolio.view.book import NOWHERE
from bursar.portfolio.view.days import EPOCH, date_of
from bursar.portfolio.view.lots import Holding, lot_book
from bursar.portfolio.view.view import BookView

ARRIVALS = frozenset({"opening_balance", "delivery_in", "transfer_in"})


@dataclass(frozen=True, slots=True)
class Unstated:
    """An activity that brought units to a position without saying what they cost."""

    activity: ActivityFacts
    position: int

    @property
    def code(self) -> str:
        """Which of the two is not known."""
        return "cost_share_unknown" if self.activity.kind == "spin_off" else "cost_unknown"

    @property
    def sentence(self) -> str:
        """What is not known."""
        what = f"the {self.activity.kind} of {date_of(self.activity.day)}"
        if self.activity.kind == "spin_off":
            return f"{what} does not say which share of the cost moves"
        return f"{what} does not say what the units cost"

    @property
    def hint(self) -> str:
        """What a person can do."""
        if self.activity.kind == "spin_off":
            return f"State the share with 'bursar transaction cost {self.activity.id} --share 0.2'."
        return (
            f"State it with 'bursar transaction cost {self.activity.id} --cost 1000 --acquired-on "
            "2019-05-01'; for units from a spin-off or merger with --from-instrument."
        )


def unstated_costs(view: BookView) -> dict[str, Unstated]:
    """Return the activities that do not state a cost, by the id that lots know them by."""
    key = ("unstated_costs",)
    known = view.derived.get(key)
    if isinstance(known, dict):
        return known
    found: dict[str, Unstated] = {}
    for activity in view.book.counted_kinds({*ARRIVALS, "spin_off"}):
        if activity.kind in ARRIVALS:
            if activity.amount is not None or activity.counter_account_id is not None:
                continue
            instrument_id = activity.instrument_id
        elif activity.ratio_numerator is None:
            instrument_id = activity.counter_instrument_id
        else:
            continue
        position = view.book.holding(activity.account_id, instrument_id)
        if position != NOWHERE:
            found[str(activity.id)] = Unstated(activity, position)
    view.derived[key] = found
    return found


def costs_stated(
    view: BookView, index: int, holding: Holding, parts: Iterable[Lot | Match], *, currency: str
) -> bool:
    """Tell whether every one of a position's lots or matches goes back to a stated cost."""
    unstated = unstated_costs(view)
    if not unstated or holding.rebuilt is None:
        return True
    if holding.rebuilt.position.method is Method.AVERAGE:
        linked = lot_book(view, currency).links.get(index, frozenset({index}))
        days = [each.activity.day for each in unstated.values() if each.position in linked]
        return not any(_in_pool(view, part, days) for part in parts)
    return not any(unstated.keys() & _origins(part) for part in parts)


def _origins(part: Lot | Match) -> set[str]:
    """Return the ids of what opened a lot and of what handed it on since."""
    lot_id = part.id if isinstance(part, Lot) else part.lot_id
    names = (part.opened_by, *lot_id.split("/"))
    return {name.partition("/")[0] for name in names}


def _in_pool(view: BookView, part: Lot | Match, days: Iterable[int]) -> bool:
    """Tell whether something of one of the days joined the average pool before the part ended."""
    opened = view.book.day_of(uuid.UUID(part.opened_by.partition("/")[0]))
    last = part.closed_on.toordinal() - EPOCH if isinstance(part, Match) else None
    return any(opened <= day and (last is None or day <= last) for day in days)
