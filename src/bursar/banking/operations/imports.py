"""Imports: a file goes into the book whole or not at all, once, and can be undone."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from pydantic import JsonValue
from sqlalchemy import insert, text

from bursar.banking.calc.conversion import convert
from bursar.banking.calc.movements import Commodity, Movement, instruments_of, movements_of
from bursar.banking.calc.posted_row import Conversion, PostedRow, Target
from bursar.banking.errors import FileRefused
from bursar.banking.formats.problems import Problem, Severity
from bursar.banking.models.imports import (
    PROBLEMS_SHOWN_MAX,
    BalanceCheck,
    ImportedAccount,
    ImportResult,
    ImportStatement,
    OpeningBooked,
)
from bursar.banking.operations.books import read_book
from bursar.banking.operations.corporate_actions import apply_to
from bursar.banking.operations.statements import balances, openings
from bursar.banking.operations.statements.accounts import Place, places_for, sells_short
from bursar.banking.operations.statements.instruments import instruments_for
from bursar.banking.operations.statements.posting import Posted, own_rows, post_rows, problem_of
from bursar.banking.operations.statements.reading import Reading, prepare, reading_of
from bursar.banking.operations.statements.split_ratios import ratios_for
from bursar.banking.operations.statements.thinking import computed
from bursar.banking.operations.statements.unlisted_actions import cut_at, unlisted, with_splits
from bursar.banking.tables import ImportBatch
from bursar.core.ids import new_id
from bursar.ledger.models import AccountChange, ActivityFilter, InstrumentRef
from bursar.ledger.operations.accounts import change_account
from bursar.ledger.operations.lots import lots_derived_once
from bursar.ledger.operations.search import search_activities
from bursar.market.models.actions import CorporateActionRow
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

DETAILS_SHOWN_MAX = 100
ACTIONS_SHOWN_MAX = 100


@dataclass(slots=True)
class _Account:
    """One account of the file on its way."""

    place: Place
    instruments: dict[str, InstrumentRef]
    conversion: Conversion
    movements: list[Movement]
    actions: list[CorporateActionRow]
    posted: Posted = field(default_factory=Posted)
    applied: list[str] = field(default_factory=list)
    openings: list[OpeningBooked] = field(default_factory=list)
    checks: list[BalanceCheck] = field(default_factory=list)


@operation(
    "banking.import_statement",
    scope="banking:write",
    http="POST /imports",
    tool="import_statement",
    command=None,
    writes=True,
    prepare=prepare,
)
async def import_statement(context: Context, body: ImportStatement) -> ImportResult:
    """Import a statement file: OFX, QIF, CSV, camt.053, IBKR Flex or Bursar's own JSON.

    A file goes in whole or not at all (unless partial); importing it again adds nothing. Stated
    balances are compared with the book, never forced upon it.
    """
    reading = await reading_of(context, body)
    await _one_at_a_time(context)
    async with lots_derived_once(context):
        return await _into_the_book(context, reading, body)


async def _into_the_book(context: Context, reading: Reading, body: ImportStatement) -> ImportResult:
    import_id = new_id()
    if reading.book is not None:
        result = await read_book(context, reading.book, _empty(reading, body, import_id))
        await _store(context, reading, result)
        return result
    problems = list(reading.problems)
    places = await places_for(context, reading.statement, body.account)
    accounts = await _converted(context, reading, places, import_id)
    for account in accounts:
        problems.extend(account.conversion.problems)
    _refuse(problems, partial=body.partial)
    for account in accounts:
        await _post(context, account, body, import_id)
        problems.extend([*account.posted.refused, *account.posted.left_out])
        _refuse(problems, partial=body.partial)
    created = sum(fact.kind == "market.instrument_created" for fact in context.facts)
    result = _result(reading, body, accounts, problems, import_id=import_id)
    result = result.model_copy(update={"instruments_created": created})
    await _store(context, reading, result)
    context.fact(
        "banking.statement_imported",
        import_id,
        filename=body.filename,
        added=result.added,
        duplicates=result.duplicates,
        account_ids=[str(account.place.account.id) for account in accounts],
    )
    return result


async def _one_at_a_time(context: Context) -> None:
    """Let imports of one workspace pass one by one: the second sees what the first added."""
    digest = hashlib.sha256(b"banking.import" + context.workspace_id.bytes).digest()
    key = int.from_bytes(digest[:8], signed=True)
    await context.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


async def _converted(
    context: Context, reading: Reading, places: Sequence[Place], import_id: uuid.UUID
) -> list[_Account]:
    found: list[_Account] = []
    for place, instruments in zip(places, await instruments_for(context, places), strict=True):
        target = Target(
            account_id=place.account.id,
            currency=place.currency,
            import_id=import_id,
            source=reading.statement.format.value,
            instruments=instruments,
            split_ratios=await ratios_for(context, place, instruments),
        )
        conversion = await computed(context, partial(convert, place.stated, target))
        known = await own_rows(context, conversion.rows)
        conversion.rows = [row for row in conversion.rows if id(row) not in known]
        moving = partial(movements_of, conversion.rows, place.currency)
        movements, refused = await computed(context, moving)
        if refused:
            lost = {id(refusal.row) for refusal in refused}
            conversion.rows = [row for row in conversion.rows if id(row) not in lost]
            conversion.problems.extend(problem_of(r.row, r.error) for r in refused)
        actions = await unlisted(context, conversion.rows, instruments)
        movements = with_splits(movements, actions)
        account = _Account(place, instruments, conversion, movements, actions)
        account.posted.duplicates = len(known)
        found.append(account)
    return found


def _refuse(problems: Sequence[Problem], *, partial: bool) -> None:
    """Raise FileRefused when rows cannot be taken over and not all of the rest was asked for."""
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if not errors or partial:
        return
    shown: list[JsonValue] = [p.model_dump(mode="json") for p in errors[:DETAILS_SHOWN_MAX]]
    first = errors[0]
    where = "" if first.line is None else f"line {first.line}: "
    more = "" if len(errors) == 1 else f" (and {len(errors) - 1} more)"
    raise FileRefused(
        f"{where}{first.message}{more}",
        field=first.field,
        details={"problems": shown, "count": len(errors)},
    )


async def _post(
    context: Context, account: _Account, body: ImportStatement, import_id: uuid.UUID
) -> None:
    place, rows = account.place, account.conversion.rows
    before = {} if place.opened else await balances.held_by(context, place.account.id)
    stated = balances.stated_in(place, account.instruments)
    first = place.opened or not await _has_history(context, place.account.id)
    if body.opening:
        account.openings = await _open(context, account, stated, import_id, first=first)
    ids = {reference.instrument_id for reference in account.instruments.values()}
    for block, day in cut_at(rows, account.actions):
        await post_rows(context, block, account.posted, partial=body.partial)
        if account.posted.refused and not body.partial:
            return
        applied = await apply_to(context, ids, until=day)
        account.applied.extend(item.in_words() for item in applied.items)
    if body.opening and not first:
        added = [row for row, _ in account.posted.added]
        by_id = {ref.instrument_id: ref for ref in account.instruments.values()}
        account.openings += await openings.replace_older(
            context, place, added, by_id, import_id=import_id
        )
    account.checks = await balances.compare(context, place, stated, before)


async def _open(
    context: Context,
    account: _Account,
    stated: Sequence[balances.Stated],
    import_id: uuid.UUID,
    *,
    first: bool,
) -> list[OpeningBooked]:
    """Book what must have been held before: of everything the first time, later of what is new."""
    rows = account.conversion.rows
    by_id = instruments_of(rows) | {ref.instrument_id: ref for ref in account.instruments.values()}
    now = context.clock.now()
    latest = max([now, *(move.at for move in account.movements)])
    wanted = openings.needed(account.movements, stated, by_id, latest=latest)
    if not first:
        candidates = [commodity for commodity, _, _ in wanted]
        new = await openings.never_seen(context, account.place.account.id, candidates)
        wanted = [each for each in wanted if each[0] in new]
    shorted = _shorted(account)
    wanted = [each for each in wanted if each[2] != openings.SALES or each[0] not in shorted]
    if account.place.opened and openings.goes_short(account.movements, wanted, stated):
        change = AccountChange(account_id=account.place.account.id, allow_short=True)
        await change_account(context, change)
    if not wanted:
        return []
    return await openings.book(
        context,
        account.place,
        wanted,
        by_id,
        import_id=import_id,
        before=_first_day(account, rows, now.date()),
    )


async def _has_history(context: Context, account_id: uuid.UUID) -> bool:
    page = await search_activities(context, ActivityFilter(account_ids=(account_id,)), limit=1)
    return bool(page.items)


def _shorted(account: _Account) -> set[Commodity]:
    """Return the instruments that the account may have sold without holding them."""
    place = account.place
    if place.account.allow_short and not place.opened:
        return {reference.instrument_id for reference in account.instruments.values()}
    rows = (row for row in place.stated.activities if row.security and sells_short(row))
    return {account.instruments[row.security or ""].instrument_id for row in rows}


def _first_day(account: _Account, rows: Sequence[PostedRow], today: dt.date) -> dt.date:
    """Return the day of the first line; without lines, that of the balance itself."""
    if rows:
        return min(row.activity.effective_at for row in rows).date()
    stated = account.place.stated.stated_balance
    days = [position.as_of for position in account.place.stated.stated_positions]
    days.append(None if stated is None else stated.as_of)
    known = [d.date() if isinstance(d, dt.datetime) else d for d in days if d is not None]
    return min([*known, account.place.stated.period_start or today, today])


def _result(
    reading: Reading,
    body: ImportStatement,
    accounts: Sequence[_Account],
    problems: Sequence[Problem],
    *,
    import_id: uuid.UUID,
) -> ImportResult:
    shown = tuple(_imported(account) for account in accounts)
    refused = sum(problem.severity is Severity.ERROR for problem in problems)
    ordered = sorted(problems, key=lambda p: (p.severity is not Severity.ERROR, p.line or 0))
    said = [line for a in accounts for line in balances.differences(a.place, a.checks)]
    return ImportResult(
        import_id=import_id,
        filename=body.filename,
        format=reading.statement.format.value,
        sha256=reading.sha256.hex(),
        added=sum(account.added for account in shown),
        duplicates=sum(account.duplicates for account in shown),
        refused=refused,
        instruments_created=0,
        accounts=shown,
        differences=tuple(said),
        problems=tuple(ordered[:PROBLEMS_SHOWN_MAX]),
        problems_total=len(problems),
        notes=reading.statement.notes,
    )


def _empty(reading: Reading, body: ImportStatement, import_id: uuid.UUID) -> ImportResult:
    return _result(reading, body, [], [], import_id=import_id)


def _imported(account: _Account) -> ImportedAccount:
    days = [row.activity.effective_at.date() for row in account.conversion.rows]
    refused = [p for p in account.conversion.problems if p.severity is Severity.ERROR]
    return ImportedAccount(
        account_id=account.place.account.id,
        name=account.place.account.name,
        external_id=account.place.stated.external_id or None,
        opened=account.place.opened,
        added=len(account.posted.added),
        duplicates=account.posted.duplicates,
        refused=len(refused) + len(account.posted.refused),
        left_out=account.conversion.left_out + len(account.posted.left_out),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        openings=tuple(account.openings),
        balances=tuple(account.checks),
        corporate_actions=tuple(account.applied[:ACTIONS_SHOWN_MAX]),
    )


async def _store(context: Context, reading: Reading, result: ImportResult) -> None:
    await context.session.execute(
        insert(ImportBatch),
        [
            {
                "id": result.import_id,
                "workspace_id": context.workspace_id,
                "filename": result.filename,
                "sha256": reading.sha256,
                "size_bytes": reading.size_bytes,
                "format": result.format,
                "added": result.added,
                "duplicates": result.duplicates,
                "refused": result.refused,
                "accounts": [str(account.account_id) for account in result.accounts],
                "problems": [problem.model_dump(mode="json") for problem in result.problems],
                "imported_at": context.clock.now(),
                "imported_by": context.actor.name or context.actor.kind.value,
                "user_id": context.actor.user_id,
                "undone_at": None,
            }
        ],
    )
