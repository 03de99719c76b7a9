"""Corporate actions of the market, carried out in each account that holds the instrument.

Each is posted once for an action and an account, keyed by both. When what was held before it
changes (a back-dated trade, a corrected ratio), the posting is reversed and made anew. What a
statement already brought within three days is not posted a second time, only compared.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from bursar.banking.calc.actions import (
    CASH_KINDS,
    DAYS_APART_MAX,
    UNIT_KINDS,
    ActionTerms,
    carried_out,
    change_of,
    key_of,
    same_kind,
)
from bursar.banking.models.actions import (
    AppliedAction,
    AppliedActions,
    ApplyCorporateActions,
    Outcome,
)
from bursar.banking.operations.statements.instruments import reference_of
from bursar.banking.store import actions as store
from bursar.banking.tables import ActionPosting
from bursar.core.clock import utc_midnight
from bursar.core.errors import BursarError
from bursar.core.money import format_decimal
from bursar.ledger.models import (
    Activity,
    ActivityFilter,
    ActivityKind,
    BalancesQuery,
    InstrumentRef,
    NewActivity,
)
from bursar.ledger.operations.activities import post_activities, reverse_activity
from bursar.ledger.operations.balances import get_balances
from bursar.ledger.operations.search import search_activities
from bursar.market.models.actions import CorporateActionRow, ListCorporateActions
from bursar.market.operations import instruments as market_instruments
from bursar.market.operations.actions import actions_of, list_corporate_actions
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

SOURCE = "corporate_action"
DIVIDEND_DAYS_APART_MAX = 14
WITH_HALVES = frozenset({"spin_off", "merger", "rename"})
ITEMS_SHOWN_MAX = 1_000
PAGES_MAX = 200


@dataclass(slots=True)
class _Work:
    """What one call knows and has done."""

    context: Context
    references: dict[uuid.UUID, InstrumentRef] = field(default_factory=dict)
    postings: dict[store.Key, ActionPosting] = field(default_factory=dict)
    items: list[AppliedAction] = field(default_factory=list)
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class _Case:
    """One action in one account."""

    action: CorporateActionRow
    terms: ActionTerms
    account_id: uuid.UUID
    account_name: str
    held: Decimal
    instrument: InstrumentRef
    successor: InstrumentRef | None

    @property
    def key(self) -> store.Key:
        return self.action.id, self.account_id


@operation(
    "banking.apply_corporate_actions",
    scope="banking:write",
    http="POST /corporate-actions/apply",
    writes=True,
    status=200,
)
async def apply_corporate_actions(context: Context, body: ApplyCorporateActions) -> AppliedActions:
    """Carry out splits, stock dividends, spin-offs, mergers and renames in the accounts that hold them.

    Each counts once for an account, also when a statement brought it already; one that no longer
    fits what was held is reversed and posted anew. Dividends are booked only when asked for.
    """
    if body.instrument is not None:
        found = await market_instruments.find(context, body.instrument)
        return await apply_to(context, [found.id], with_dividends=body.with_dividends)
    actions: list[CorporateActionRow] = []
    cursor: str | None = None
    today = context.clock.now().date()
    for _ in range(PAGES_MAX):
        query = ListCorporateActions(last_day=today, limit=500, cursor=cursor)
        page = await list_corporate_actions(context, query)
        actions.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    return await _apply(context, actions, with_dividends=body.with_dividends)


async def apply_to(
    context: Context,
    instrument_ids: Collection[uuid.UUID],
    *,
    until: dt.date | None = None,
    with_dividends: bool = False,
) -> AppliedActions:
    """Carry out every action of these instruments up to `until` (default today, inclusive)."""
    if not instrument_ids:
        return AppliedActions(unchanged=0, items=())
    last_day = until or context.clock.now().date()
    actions = await actions_of(context, instrument_ids, None, last_day)
    return await _apply(context, actions, with_dividends=with_dividends)


async def _apply(
    context: Context, actions: Iterable[CorporateActionRow], *, with_dividends: bool
) -> AppliedActions:
    kinds = UNIT_KINDS.keys() | (CASH_KINDS.keys() if with_dividends else set())
    wanted = [action for action in actions if action.kind.value in kinds]
    work = _Work(context)
    if not wanted:
        return AppliedActions(unchanged=0, items=())
    ids = {action.instrument_id for action in wanted}
    ids |= {a.new_instrument_id for a in wanted if a.new_instrument_id is not None}
    rows = await market_instruments.get_many(context, ids)
    work.references = {key: reference_of(row) for key, row in rows.items()}
    work.postings = await store.postings(
        context.session, context.workspace_id, [action.id for action in wanted]
    )
    by_day: dict[dt.date, list[CorporateActionRow]] = defaultdict(list)
    for action in wanted:
        by_day[action.ex_date].append(action)
    for day in sorted(by_day):  # an earlier split changes what a later one finds
        for case in await _cases(work, day, by_day[day]):
            await _carry_out(work, case)
    if work.items:
        context.fact(
            "banking.corporate_actions_applied", work.items[0].action_id, count=len(work.items)
        )
    return AppliedActions(unchanged=work.unchanged, items=tuple(work.items[:ITEMS_SHOWN_MAX]))


async def _cases(work: _Work, day: dt.date, actions: list[CorporateActionRow]) -> list[_Case]:
    before = utc_midnight(day) - dt.timedelta(microseconds=1)
    report = await get_balances(work.context, BalancesQuery(account_id=None, at=before))
    found: list[_Case] = []
    for action in actions:
        for account in report.accounts:
            held = next(
                (b.amount for b in account.balances if b.instrument_id == action.instrument_id),
                Decimal(0),
            )
            if not held and (action.id, account.account_id) not in work.postings:
                continue
            successor = action.new_instrument_id
            found.append(
                _Case(
                    action=action,
                    terms=_terms(action),
                    account_id=account.account_id,
                    account_name=account.name,
                    held=held,
                    instrument=work.references[action.instrument_id],
                    successor=None if successor is None else work.references[successor],
                )
            )
    return found


def _terms(action: CorporateActionRow) -> ActionTerms:
    ratio = None
    if action.ratio_numerator is not None and action.ratio_denominator is not None:
        ratio = Fraction(action.ratio_numerator, action.ratio_denominator)
    return ActionTerms(
        kind=action.kind.value,
        ex_date=action.ex_date,
        pay_date=action.pay_date,
        ratio=ratio,
        amount=action.amount,
        currency=action.currency,
        cost_fraction=action.cost_fraction,
    )


async def _carry_out(work: _Work, case: _Case) -> None:
    standing = work.postings.get(case.key)
    terms = key_of(case.terms, case.successor)
    nearby = await _nearby(work, case)
    stated = next((activity for activity in nearby if activity.source != SOURCE), None)
    if stated is not None:
        # The statement decides; what we posted before it arrived is taken back.
        if standing is not None and _stands(standing, nearby):
            await _take_back(work, standing)
        if standing is not None and standing.activity_id == stated.id and standing.terms == terms:
            work.unchanged += 1
            return
        await _remember(work, case, stated.id, brought_by_statement=True)
        _note(work, case, Outcome.IN_STATEMENT, _difference(case, stated))
        return
    stands = standing is not None and _stands(standing, nearby)
    if (
        standing is not None
        and stands
        and standing.terms == terms
        and standing.quantity == case.held
    ):
        work.unchanged += 1
        return
    if standing is not None and stands:
        await _take_back(work, standing)
    fields = carried_out(case.terms, case.held, case.instrument, case.successor)
    if fields is None:
        if standing is not None:
            await store.forget(work.context.session, work.context.workspace_id, case.key)
            _note(work, case, Outcome.REVERSED, None)
        return
    try:
        answer_id = await _post(work, case, fields)
    except BursarError as error:
        _note(work, case, Outcome.REFUSED, error.message)
        return
    await _remember(work, case, answer_id, brought_by_statement=False)
    _note(work, case, Outcome.CORRECTED if stands else Outcome.POSTED, None)


async def _post(work: _Work, case: _Case, fields: dict[str, object]) -> uuid.UUID:
    """Post the action. Halves of it that a statement brought without a cost make room for it."""
    taken, received = await halves_of(
        work.context,
        case.account_id,
        (case.action.instrument_id, case.action.new_instrument_id),
        day=case.terms.ex_date,
    )
    if case.terms.kind not in WITH_HALVES or received is None:
        taken, received = None, None
    elif received.quantity is not None:
        fields = fields | {"counter_quantity": received.quantity}
    reason = "it is part of a corporate action"
    if taken is not None and case.terms.kind != "spin_off":
        await reverse_activity(work.context, taken.id, reason)
    (answer,) = await post_activities(work.context, [_activity(case, fields)])
    if received is not None:
        await reverse_activity(work.context, received.id, reason)
    return answer.id


async def halves_of(
    context: Context,
    account_id: uuid.UUID,
    instruments: tuple[uuid.UUID, uuid.UUID | None],
    *,
    day: dt.date,
) -> tuple[Activity | None, Activity | None]:
    """Find the rows that took the old units out and brought the new ones in, without a cost.

    None for a half that no row near the day fits, or more than one.
    """
    near = dt.timedelta(days=DAYS_APART_MAX)
    found: list[Activity | None] = []
    ways = ((ActivityKind.DELIVERY_OUT,), (ActivityKind.DELIVERY_IN,))
    for instrument_id, kinds in zip(instruments, ways, strict=True):
        if instrument_id is None:
            found.append(None)
            continue
        wanted = ActivityFilter(
            account_ids=(account_id,),
            instrument_ids=(instrument_id,),
            kinds=kinds,
            from_at=utc_midnight(day - near),
            to_at=utc_midnight(day + near + dt.timedelta(days=1)),
        )
        page = await search_activities(context, wanted, limit=2)
        fitting = [each for each in page.items if each.amount is None]
        found.append(fitting[0] if len(fitting) == 1 else None)
    return found[0], found[1]


def _activity(case: _Case, fields: dict[str, object]) -> NewActivity:
    day = case.terms.ex_date
    if case.terms.kind in CASH_KINDS:
        day = case.terms.pay_date or day
    return NewActivity.model_validate(
        {
            "account_id": case.account_id,
            "effective_at": utc_midnight(day),
            "external_id": f"{SOURCE}:{case.action.id}",
            "source": SOURCE,
            "memo": f"{case.terms.kind.replace('_', ' ')} of {case.instrument.code}",
            **fields,
        }
    )


async def _nearby(work: _Work, case: _Case) -> list[Activity]:
    """Return what the account has that can be this action: posted by us, a statement or a person."""
    is_cash = case.terms.kind in CASH_KINDS
    near = dt.timedelta(days=DIVIDEND_DAYS_APART_MAX if is_cash else DAYS_APART_MAX)
    last = max(case.terms.ex_date, case.terms.pay_date or case.terms.ex_date)
    wanted = ActivityFilter(
        account_ids=(case.account_id,),
        instrument_ids=(case.action.instrument_id,),
        from_at=utc_midnight(case.terms.ex_date - (dt.timedelta(0) if is_cash else near)),
        to_at=utc_midnight(last + near + dt.timedelta(days=1)),
    )
    page = await search_activities(work.context, wanted, limit=500)
    return [
        activity
        for activity in page.items
        if activity.account_id == case.account_id and same_kind(activity.kind, case.terms)
    ]


def _stands(standing: ActionPosting, nearby: Collection[Activity]) -> bool:
    """Tell whether we posted the action and nobody reversed it since."""
    return not standing.brought_by_statement and any(
        activity.id == standing.activity_id for activity in nearby
    )


def _difference(case: _Case, stated: Activity) -> str | None:
    held = case.held
    if stated.effective_at < utc_midnight(case.terms.ex_date) and stated.quantity is not None:
        shrinks = (case.terms.multiplier or 1) < 1  # the statement's row is in the holding already
        held += stated.quantity if shrinks else -stated.quantity
    computed = change_of(case.terms, held, case.instrument.exponent)
    if computed is None or stated.quantity is None or abs(computed) == abs(stated.quantity):
        return None
    return (
        f"the statement moved {format_decimal(abs(stated.quantity).normalize())} units, "
        f"the ratio gives {format_decimal(abs(computed).normalize())}"
    )


async def _take_back(work: _Work, standing: ActionPosting) -> None:
    reason = "what was held before the corporate action changed"
    await reverse_activity(work.context, standing.activity_id, reason, release=True)


async def _remember(
    work: _Work, case: _Case, activity_id: uuid.UUID, *, brought_by_statement: bool
) -> None:
    await store.remember(
        work.context.session,
        {
            "action_id": case.action.id,
            "account_id": case.account_id,
            "workspace_id": work.context.workspace_id,
            "activity_id": activity_id,
            "brought_by_statement": brought_by_statement,
            "terms": key_of(case.terms, case.successor),
            "quantity": case.held,
            "posted_at": work.context.clock.now(),
        },
    )


def _note(work: _Work, case: _Case, outcome: Outcome, difference: str | None) -> None:
    work.items.append(
        AppliedAction(
            action_id=case.action.id,
            kind=case.terms.kind,
            code=case.instrument.code,
            ex_date=case.terms.ex_date,
            account_id=case.account_id,
            account_name=case.account_name,
            outcome=outcome,
            quantity_before=case.held,
            difference=difference,
        )
    )
