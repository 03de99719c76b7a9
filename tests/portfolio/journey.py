"""Short ways for tests that go the whole road: recorded transactions in, figures out."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from bursar.banking.models.costs import StateCost, StatedCost
from bursar.banking.models.transactions import RecordedTransaction, RecordTransaction
from bursar.banking.operations.costs import state_cost
from bursar.banking.operations.transactions import record_transaction
from bursar.ledger.models.lots import LotsQuery, LotsReport
from bursar.ledger.operations.lots import list_lots
from bursar.portfolio.models.figures import FigureValue
from bursar.portfolio.models.performance import Performance, PerformanceRequest
from bursar.portfolio.models.positions import PositionRow, PositionsRequest
from bursar.portfolio.models.summary import Summary, SummaryRequest
from bursar.portfolio.operations.performance import performance
from bursar.portfolio.operations.positions import list_positions
from bursar.portfolio.operations.summary import summary
from tests.harness import Harness


async def record(
    harness: Harness, kind: str, on: str, account: str = "Broker", **fields: Any
) -> RecordedTransaction:
    made = {"account": account, "kind": kind, "effective_at": on}
    made |= {
        name: str(value) if isinstance(value, int | Decimal) else value
        for name, value in fields.items()
    }
    async with harness.context() as context:
        return await record_transaction(context, RecordTransaction.model_validate(made))


async def cost(harness: Harness, transaction_id: uuid.UUID, **fields: Any) -> StatedCost:
    async with harness.context() as context:
        body = StateCost.model_validate({"transaction_id": transaction_id} | fields)
        return await state_cost(context, body)


async def held(harness: Harness, **fields: Any) -> dict[str, PositionRow]:
    """Positions by name; with more than one account by name@account."""
    async with harness.context(read_only=True) as context:
        found = await list_positions(
            context, PositionsRequest.model_validate({"lots": True, **fields})
        )
    names = [row.name for row in found.items]
    return {
        row.name if names.count(row.name) == 1 else f"{row.name}@{row.account}": row
        for row in found.items
    }


async def whole(harness: Harness, **fields: Any) -> Summary:
    async with harness.context(read_only=True) as context:
        return await summary(context, SummaryRequest.model_validate(fields))


async def measured(harness: Harness, **fields: Any) -> Performance:
    async with harness.context(read_only=True) as context:
        return await performance(context, PerformanceRequest.model_validate(fields))


async def ledger_lots(harness: Harness, **fields: Any) -> LotsReport:
    async with harness.context(read_only=True) as context:
        return await list_lots(context, LotsQuery.model_validate(fields))


def named(found: tuple[FigureValue, ...], definition: str) -> FigureValue:
    (only,) = [each for each in found if each.definition == definition]
    return only


def lots_of(row: PositionRow) -> list[tuple[str, str, str | None]]:
    """Day, quantity and cost of each open lot, as text."""
    return [
        (
            str(lot.acquired_on),
            format(lot.quantity.normalize(), "f"),
            None if lot.cost is None else str(lot.cost),
        )
        for lot in row.lots or ()
    ]


def worth(figure: FigureValue | None) -> Decimal | str | None:
    """The value, or the reason why there is none."""
    assert figure is not None
    return figure.reason if figure.value is None else figure.value


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
