"""From activities to the batch the posting call takes: everything that can be refused before it.

An error names the field and the place of the activity in the request (details.activity, from 0).
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bursar.core.errors import BursarError
from bursar.core.ids import new_id
from bursar.core.money import to_units
from bursar.ledger.calc.currencies import currency as currency_of
from bursar.ledger.calc.leg import LEG_FIELDS, Commodity, Holder, Leg, LegCode, SystemAccount
from bursar.ledger.calc.legs import Legs, cash_change, legs_of, needs_held
from bursar.ledger.calc.posting_order import in_posting_order
from bursar.ledger.errors import AccountClosed, AccountNotFound, InvalidActivity
from bursar.ledger.models import ActivityKind, NewActivity
from bursar.ledger.store import accounts as account_store
from bursar.ledger.store import posting
from bursar.ledger.tables import Account
from bursar.runtime.context import Context

Key = tuple[uuid.UUID, str | bytes]


@dataclass(slots=True)
class Draft:
    """An activity on its way into the book."""

    place: int
    id: uuid.UUID
    activity: NewActivity
    legs: Legs


@dataclass(slots=True)
class Drafts:
    """The activities of one request in posting order; repeated ones point to the first."""

    ordered: list[Draft] = field(default_factory=list)
    repeats: dict[int, int] = field(default_factory=dict)


async def drafts_of(context: Context, activities: Sequence[NewActivity]) -> Drafts:
    """Check activities and work out their legs; raises the first refusal with its place."""
    accounts = await _accounts(context, activities)
    held = await _held_before(context, activities)
    moved: dict[tuple[uuid.UUID, uuid.UUID], Decimal] = defaultdict(Decimal)
    follow = any(needs_held(activity) for activity in activities)
    drafts, seen = Drafts(), dict[Key, int]()
    for place in in_posting_order(activities):
        activity = activities[place]
        first = _first_of_same(seen, activity, place)
        if first is not None:
            drafts.repeats[place] = first
            continue
        try:
            _check_accounts(activity, accounts)
            before = None
            if activity.instrument is not None and needs_held(activity):
                pair = (activity.account_id, activity.instrument.instrument_id)
                before = held.get((*pair, activity.effective_at), Decimal(0)) + moved[pair]
            legs = legs_of(
                activity, account_currency=accounts[activity.account_id].currency, held=before
            )
        except BursarError as error:
            raise located(error, place) from None
        if follow:
            _note_moves(legs, moved)
        drafts.ordered.append(Draft(place, new_id(), activity, legs))
    return drafts


async def batch_of(context: Context, drafts: Drafts) -> posting.Batch:
    """Give the legs their balances and smallest units, making what is new."""
    session, workspace_id = context.session, context.workspace_id
    now = context.clock.now()
    system = await account_store.system_accounts(session, workspace_id, now)
    known = await posting.commodities(session, workspace_id, _wanted(drafts))
    pairs = {
        (_account_of(side, system), known[leg.commodity].id)
        for draft in drafts.ordered
        for leg in draft.legs.moves
        for side in (leg.debit, leg.credit)
    }
    balances = await posting.open_balances(session, workspace_id, sorted(pairs))
    batch = posting.Batch([], [], [], [], [], [])
    created_at = now.isoformat()
    for number, draft in enumerate(drafts.ordered, start=1):
        units: dict[LegCode, int] = {}
        for leg in draft.legs.moves:
            commodity = known[leg.commodity]
            units[leg.code] = _units(leg, commodity, draft.place)
            batch.places.append(number)
            batch.debits.append(balances[_account_of(leg.debit, system), commodity.id])
            batch.credits.append(balances[_account_of(leg.credit, system), commodity.id])
            batch.amounts.append(units[leg.code])
            batch.codes.append(leg.code)
        batch.groups.append(_group_row(draft, units) | {"created_at": created_at})
    return batch


def located(error: BursarError, place: int) -> BursarError:
    """Add the activity's place in the request to an error."""
    error.details = {**(error.details or {}), "activity": place}
    return error


def _first_of_same(seen: dict[Key, int], activity: NewActivity, place: int) -> int | None:
    keys: list[Key] = [
        (activity.account_id, name)
        for name in (activity.external_id, activity.content_hash)
        if name is not None
    ]
    for key in keys:
        if key in seen:
            return seen[key]
    for key in keys:
        seen[key] = place
    return None


async def _accounts(
    context: Context, activities: Sequence[NewActivity]
) -> dict[uuid.UUID, Account]:
    ids = {activity.account_id for activity in activities}
    ids |= {a.counter_account_id for a in activities if a.counter_account_id is not None}
    return await account_store.own_accounts(context.session, context.workspace_id, sorted(ids))


def _check_accounts(activity: NewActivity, accounts: dict[uuid.UUID, Account]) -> None:
    for name, account_id in (
        ("account_id", activity.account_id),
        ("counter_account_id", activity.counter_account_id),
    ):
        if account_id is None:
            continue
        account = accounts.get(account_id)
        if account is None:
            raise AccountNotFound(f"there is no account {account_id}", field=name)
        if account.closed_at is not None and activity.effective_at > account.closed_at:
            raise AccountClosed(
                f"{account.name} was closed on {account.closed_at.date()}", field="effective_at"
            )
    if activity.counter_account_id == activity.account_id:
        raise InvalidActivity("the other account must not be the same", field="counter_account_id")


async def _held_before(
    context: Context, activities: Sequence[NewActivity]
) -> dict[tuple[uuid.UUID, uuid.UUID, dt.datetime], Decimal]:
    """Return what was held just before each activity whose quantity follows from it."""
    wanted: dict[dt.datetime, set[uuid.UUID]] = defaultdict(set)
    for activity in activities:
        if activity.instrument is not None and needs_held(activity):
            wanted[activity.effective_at].add(activity.account_id)
    found: dict[tuple[uuid.UUID, uuid.UUID, dt.datetime], Decimal] = {}
    for moment, account_ids in wanted.items():
        for row in await account_store.held(
            context.session,
            context.workspace_id,
            sorted(account_ids),
            at=moment - dt.timedelta(microseconds=1),
        ):
            if row.instrument_id is not None:
                found[row.account_id, row.instrument_id, moment] = row.units.scaleb(-row.exponent)
    return found


def _note_moves(legs: Legs, moved: dict[tuple[uuid.UUID, uuid.UUID], Decimal]) -> None:
    for leg in legs.moves:
        if isinstance(leg.commodity, uuid.UUID):
            for side, sign in ((leg.debit, -1), (leg.credit, 1)):
                if not isinstance(side, SystemAccount):
                    moved[side, leg.commodity] += sign * leg.amount


def _wanted(drafts: Drafts) -> dict[Commodity, tuple[str, int, str]]:
    wanted: dict[Commodity, tuple[str, int, str]] = {}
    for draft in drafts.ordered:
        for leg in draft.legs.moves:
            if isinstance(leg.commodity, str) and leg.commodity not in wanted:
                cash = _currency(leg, draft.place)
                wanted[leg.commodity] = cash
        for instrument in (draft.activity.instrument, draft.activity.counter_instrument):
            if instrument is not None and instrument.instrument_id not in wanted:
                wanted[instrument.instrument_id] = (
                    instrument.code,
                    instrument.exponent,
                    instrument.kind.value,
                )
    return wanted


def _currency(leg: Leg, place: int) -> tuple[str, int, str]:
    try:
        found = currency_of(str(leg.commodity))
    except ValueError as error:
        name = "counter_currency" if leg.code is LegCode.COUNTER_CASH else "currency"
        raise located(InvalidActivity(str(error), field=name), place) from None
    return found.code, found.exponent, found.kind


def _account_of(side: Holder, system: dict[SystemAccount, uuid.UUID]) -> uuid.UUID:
    return system[side] if isinstance(side, SystemAccount) else side


def _units(leg: Leg, commodity: posting.CommodityRow, place: int) -> int:
    try:
        return to_units(leg.amount, commodity.exponent)
    except ValueError as error:
        raise located(
            InvalidActivity(
                f"{error} ({commodity.code} has {commodity.exponent})",
                field=LEG_FIELDS[leg.code],
                hint="Round the amount to what the currency or instrument can carry.",
            ),
            place,
        ) from None


def _group_row(draft: Draft, units: dict[LegCode, int]) -> dict[str, Any]:
    """Return the group's columns, those without a value left out."""
    activity, legs = draft.activity, draft.legs
    row: dict[str, Any] = {
        "id": draft.id,
        "kind": activity.kind.value,
        "effective_at": activity.effective_at.isoformat(),
        "account_id": activity.account_id,
        "counter_account_id": activity.counter_account_id,
        "quantity": None if legs.quantity is None else abs(legs.quantity),
        "unit_price": activity.unit_price,
        "currency": legs.currency,
        "amount": legs.amount,
        "fees": activity.fees,
        "taxes": activity.taxes,
        "cash_change": cash_change(legs),
        "counter_quantity": activity.counter_quantity,
        "counter_amount": activity.counter_amount,
        "counter_currency": activity.counter_currency,
        "source": activity.source,
        "external_id": activity.external_id,
        "import_id": activity.import_id,
        "content_hash": activity.content_hash,
        "payee": activity.payee,
        "memo": activity.memo,
        "category": activity.category,
    }
    if activity.instrument is not None:
        row["instrument_id"] = activity.instrument.instrument_id
    if activity.counter_instrument is not None:
        row["counter_instrument_id"] = activity.counter_instrument.instrument_id
    if activity.ratio is not None:
        row["ratio_numerator"], row["ratio_denominator"] = activity.ratio
    if LegCode.COUNTER_CASH in units and LegCode.CASH in units:
        row["rate_numerator"] = units[LegCode.COUNTER_CASH]
        row["rate_denominator"] = units[LegCode.CASH]
    if activity.lot_choice:
        row["lot_choice"] = [choice.model_dump(mode="json") for choice in activity.lot_choice]
    metadata = activity.metadata
    if activity.kind is ActivityKind.OPTION_EXPIRY:  # which way the contracts went, for exports
        held = legs.moves[0].debit == activity.account_id
        metadata = metadata | {"side": "held" if held else "written"}
    return {name: value for name, value in row.items() if value is not None} | {
        "metadata": metadata
    }
