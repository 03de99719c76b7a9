"""A whole book read back: accounts, instruments and activities under new ids, lots and notes too."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert

from bursar.banking.errors import FileRefused
from bursar.banking.formats.book_json import Book, BookAccount, BookActivity, BookInstrument
from bursar.banking.formats.draft import refusals
from bursar.banking.models.imports import ImportedAccount, ImportResult
from bursar.banking.operations.corporate_actions import SOURCE as ACTION_SOURCE
from bursar.banking.operations.statements.accounts import own_accounts
from bursar.banking.operations.statements.balances import held_by
from bursar.banking.operations.statements.instruments import reference_of
from bursar.banking.operations.statements.openings import EXTERNAL_ID as OPENING_ID
from bursar.banking.tables import Opening
from bursar.core.errors import BursarError
from bursar.core.ids import new_id
from bursar.core.model import Model
from bursar.ledger.models import (
    Account,
    AccountReference,
    ActivityFilter,
    AnnotateActivity,
    InstrumentRef,
    LotChoice,
    NewAccount,
    NewActivity,
)
from bursar.ledger.operations.accounts import close_account, open_account
from bursar.ledger.operations.activities import post_activities
from bursar.ledger.operations.search import annotate_activity, search_activities
from bursar.market.calc.matching import Scheme
from bursar.market.errors import UnknownInstrument
from bursar.market.models.instruments import CreateInstrument
from bursar.market.operations import instruments as market_instruments
from bursar.runtime.context import Context

ROWS_PER_POSTING = 20_000
IDS_PER_SEARCH = 500

Ids = dict[uuid.UUID, uuid.UUID]
M = TypeVar("M", bound=Model)


@dataclass(slots=True)
class _Work:
    """What the ids of the book mean here, and what was added by account of the book."""

    import_id: uuid.UUID
    accounts: dict[uuid.UUID, tuple[Account, bool]]
    instruments: dict[uuid.UUID, InstrumentRef]
    new_ids: Ids
    added: dict[uuid.UUID, list[dt.date]] = field(default_factory=dict)


async def read_book(context: Context, book: Book, result: ImportResult) -> ImportResult:
    """Read a book into this workspace; what is there already is counted as a duplicate.

    Raises FileRefused naming the first activity that the book refuses; nothing is written then.
    """
    accounts = await _accounts(context, book.accounts)
    instruments = await _instruments(context, book.instruments)
    here = await _present(context, book.activities)
    work = _Work(result.import_id, accounts, instruments, {each: each for each in here})
    block: list[BookActivity] = []
    for stated in [*(a for a in book.activities if a.id not in here), None]:
        # A sale of chosen lots needs the new ids of the purchases before it.
        chooses = stated is not None and bool(stated.lots)
        if block and (stated is None or chooses or len(block) >= ROWS_PER_POSTING):
            await _post(context, block, work)
            block = []
        if stated is not None:
            block.append(stated)
    for source in book.accounts:
        account, opened = accounts[source.id]
        if opened and source.closed_at is not None and not await held_by(context, account.id):
            await close_account(context, AccountReference(account_id=account.id))
    shown = tuple(
        _shown(book, source, accounts[source.id], work.added.get(source.id, []))
        for source in book.accounts
    )
    total = sum(len(days) for days in work.added.values())
    return result.model_copy(
        update={
            "added": total,
            "duplicates": len(book.activities) - total,
            "accounts": shown,
        }
    )


async def _accounts(
    context: Context, stated: Sequence[BookAccount]
) -> dict[uuid.UUID, tuple[Account, bool]]:
    """Return the account of this workspace for each of the book, and whether it was opened now."""
    known = await own_accounts(context)
    found: dict[uuid.UUID, tuple[Account, bool]] = {}
    for place, account in enumerate(stated):
        same = [a for a in known if a.id == account.id] or [
            a
            for a in known
            if (a.institution, a.external_id) == (account.institution, account.external_id)
            and (
                account.external_id is not None or (a.name, a.kind) == (account.name, account.kind)
            )
        ]
        if same:
            found[account.id] = (same[0], False)
            continue
        fields = account.model_dump(exclude={"id", "closed_at"})
        opened = await open_account(context, _valid(NewAccount, fields, f"accounts.{place}"))
        known.append(opened)
        found[account.id] = (opened, True)
    return found


async def _instruments(
    context: Context, stated: Sequence[BookInstrument]
) -> dict[uuid.UUID, InstrumentRef]:
    found: dict[uuid.UUID, InstrumentRef] = {}
    present = await market_instruments.get_many(context, [each.id for each in stated])
    for place, instrument in enumerate(stated):
        row = present.get(instrument.id)
        names = {Scheme(n.scheme): n.value for n in instrument.identifiers if n.valid_to is None}
        if row is None and names:
            try:
                row = await market_instruments.resolve(context, names, currency=instrument.currency)
            except UnknownInstrument:
                row = None
        if row is None:
            fields = instrument.model_dump(exclude={"id"})
            body = _valid(CreateInstrument, fields, f"instruments.{place}")
            row = await market_instruments.create_instrument(context, body)
        found[instrument.id] = reference_of(row)
    return found


async def _present(context: Context, stated: Sequence[BookActivity]) -> set[uuid.UUID]:
    """Return which activities are this workspace's own: an export read back where it came from."""
    ids = [activity.id for activity in stated]
    found: set[uuid.UUID] = set()
    for start in range(0, len(ids), IDS_PER_SEARCH):
        wanted = ActivityFilter(ids=tuple(ids[start : start + IDS_PER_SEARCH]), with_reversed=True)
        page = await search_activities(context, wanted, limit=IDS_PER_SEARCH)
        found |= {activity.id for activity in page.items}
    return found


async def _post(context: Context, block: Sequence[BookActivity], work: _Work) -> None:
    activities = [_activity(stated, work) for stated in block]
    try:
        answers = await post_activities(context, activities)
    except BursarError as error:
        place = (error.details or {}).get("activity")
        which = block[place].id if isinstance(place, int) else "?"
        raise FileRefused(
            f"activity {which}: {error.message}", field=error.field, hint=error.hint
        ) from None
    for stated, answer, activity in zip(block, answers, activities, strict=True):
        work.new_ids[stated.id] = answer.id
        if answer.duplicate_of is not None:
            continue
        work.added.setdefault(stated.account, []).append(stated.effective_at.date())
        if stated.note or stated.tags or stated.own_category:
            await annotate_activity(
                context,
                AnnotateActivity(
                    activity_id=answer.id,
                    category=stated.own_category,
                    note=stated.note,
                    tags=stated.tags or None,
                ),
            )
        if (stated.external_id or "").startswith(OPENING_ID):
            await _remember_opening(context, activity, answer.id)


def _activity(stated: BookActivity, work: _Work) -> NewActivity:
    accounts, instruments = work.accounts, work.instruments
    copied = stated.model_dump(
        exclude={"id", "account", "counter_account", "instrument", "counter_instrument"}
        | {"lots", "own_category", "note", "tags", "content_hash", "source"}
    )
    digest = None if stated.content_hash is None else bytes.fromhex(stated.content_hash)
    if digest is None and stated.external_id is None:
        digest = hashlib.sha256(b"bursar.book:" + stated.id.bytes).digest()
    other = stated.counter_account
    fields: dict[str, Any] = copied | {
        "account_id": accounts[stated.account][0].id,
        "counter_account_id": None if other is None else accounts[other][0].id,
        "instrument": instruments.get(stated.instrument) if stated.instrument else None,
        "counter_instrument": (
            instruments.get(stated.counter_instrument) if stated.counter_instrument else None
        ),
        "content_hash": digest,
        "import_id": work.import_id,
        "lot_choice": tuple(
            LotChoice(lot_id=_renamed(lot.lot_id, work.new_ids), quantity=lot.quantity)
            for lot in stated.lots
        ),
        # What this workspace's own actions would post must not be mistaken for theirs.
        "source": "book" if stated.source == ACTION_SOURCE else stated.source,
    }
    return _valid(NewActivity, fields, f"activity {stated.id}")


def _renamed(lot_id: str, new_ids: Ids) -> str:
    """Return a lot's id with the ids of activities replaced by those they have here."""
    for old in {part[:36] for part in lot_id.replace("/", " ").replace("|", " ").split()}:
        try:
            new = new_ids.get(uuid.UUID(old))
        except ValueError:
            continue
        if new is not None:
            lot_id = lot_id.replace(old, str(new))
    return lot_id


async def _remember_opening(
    context: Context, activity: NewActivity, activity_id: uuid.UUID
) -> None:
    is_cash = activity.instrument is None
    commodity = (
        activity.currency if activity.instrument is None else activity.instrument.instrument_id
    )
    row = {
        "id": new_id(),
        "workspace_id": context.workspace_id,
        "account_id": activity.account_id,
        "commodity": str(commodity),
        "activity_id": activity_id,
        "amount": activity.amount if is_cash else activity.quantity,
        "effective_at": activity.effective_at,
    }
    await context.session.execute(insert(Opening).values(row).on_conflict_do_nothing())


def _valid(model: type[M], fields: dict[str, Any], where: str) -> M:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        name, sentence = refusals(error)[0]
        raise FileRefused(f"{where}: {name}: {sentence}", field=name) from None


def _shown(
    book: Book, source: BookAccount, here: tuple[Account, bool], days: Sequence[dt.date]
) -> ImportedAccount:
    account, opened = here
    rows = sum(activity.account == source.id for activity in book.activities)
    return ImportedAccount(
        account_id=account.id,
        name=account.name,
        external_id=account.external_id,
        opened=opened,
        added=len(days),
        duplicates=rows - len(days),
        refused=0,
        left_out=0,
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        openings=(),
        balances=(),
        corporate_actions=(),
    )
