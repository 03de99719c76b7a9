"""The book taken out in open formats: JSON to read back exactly, CSV and beancount for others."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from bursar.banking.calc.statement_rows import Names, rows_of
from bursar.banking.formats import book_json
from bursar.banking.formats.beancount_export import dump_beancount
from bursar.banking.formats.book_json import (
    Book,
    BookAccount,
    BookActivity,
    BookIdentifier,
    BookInstrument,
    BookLot,
)
from bursar.banking.formats.csv_export import dump_csv
from bursar.banking.formats.statement import (
    AccountKind,
    Activity,
    Format,
    Security,
    SecurityKind,
    Statement,
    StatementAccount,
)
from bursar.banking.models.exports import ExportBook, ExportedBook, ExportFormat
from bursar.banking.operations.statements.accounts import account_named, own_accounts
from bursar.core.clock import utc_day_end, utc_midnight
from bursar.ledger.models import Account, ActivityKind
from bursar.ledger.models.log import LoggedActivity
from bursar.ledger.operations.log import activity_log
from bursar.market.calc.matching import Scheme
from bursar.market.models.instruments import InstrumentKind, InstrumentRow
from bursar.market.operations import instruments as market_instruments
from bursar.runtime.context import Context
from bursar.runtime.registry import operation

ROWS_MAX = 500_000
MEDIA_TYPES = {
    ExportFormat.JSON: "application/json",
    ExportFormat.CSV: "text/csv",
    ExportFormat.BEANCOUNT: "text/plain",
}
SECURITY_KINDS = {
    InstrumentKind.STOCK: SecurityKind.STOCK,
    InstrumentKind.ETF: SecurityKind.FUND,
    InstrumentKind.FUND: SecurityKind.FUND,
    InstrumentKind.BOND: SecurityKind.BOND,
    InstrumentKind.OPTION: SecurityKind.OPTION,
    InstrumentKind.CRYPTO: SecurityKind.CRYPTO,
}


@operation(
    "banking.export",
    scope="banking:read",
    http="GET /exports/{format}",
    command=None,
    positional=("format",),
)
async def export(context: Context, body: ExportBook) -> ExportedBook:
    """Take out the whole book, one account or a range of days as JSON, CSV or beancount text.

    Reading the JSON into an empty workspace gives the same balances and lots; CSV carries
    everything but specific lots and links between accounts. Reversed activities are left out.
    """
    accounts = await own_accounts(context)
    if body.account is not None:
        accounts = [await account_named(context, body.account)]
    log = await activity_log(
        context,
        account_id=accounts[0].id if body.account is not None else None,
        from_at=None if body.first_day is None else utc_midnight(body.first_day),
        to_at=None if body.last_day is None else utc_day_end(body.last_day),
        rows_max=ROWS_MAX,
    )
    ids = {a.instrument_id for a in log} | {a.counter_instrument_id for a in log}
    instruments = await market_instruments.get_many(context, [key for key in ids if key])
    if body.format is ExportFormat.JSON:
        content = book_json.dump(_book(accounts, log, instruments))
    else:
        statement = _statement(accounts, log, instruments)
        dump = dump_csv if body.format is ExportFormat.CSV else dump_beancount
        content = dump(statement)
    day = context.clock.now().date()
    return ExportedBook(
        filename=f"bursar-{day}.{body.format.value}",
        media_type=MEDIA_TYPES[body.format],
        content=content.decode(),
        rows=len(log),
    )


def _book(
    accounts: Sequence[Account],
    log: Sequence[LoggedActivity],
    instruments: dict[uuid.UUID, InstrumentRow],
) -> Book:
    known = {account.id for account in accounts}
    return Book(
        accounts=tuple(
            BookAccount.model_validate(account.model_dump(include=set(BookAccount.model_fields)))
            for account in accounts
        ),
        instruments=tuple(_book_instrument(row) for row in instruments.values()),
        activities=tuple(
            _book_activity(a if a.account_id in known else _seen_from_there(a), known) for a in log
        ),
    )


def _book_instrument(row: InstrumentRow) -> BookInstrument:
    return BookInstrument(
        id=row.id,
        kind=row.kind.value,
        name=row.name,
        asset_class=row.asset_class,
        currency=row.currency,
        quantity_exponent=row.quantity_exponent,
        multiplier=row.multiplier,
        calendar=row.calendar,
        classification=row.classification,
        identifiers=tuple(
            BookIdentifier(
                scheme=name.scheme.value,
                value=name.value,
                valid_from=name.valid_from,
                valid_to=name.valid_to,
            )
            for name in row.identifiers
        ),
    )


def _book_activity(activity: LoggedActivity, known: set[uuid.UUID]) -> BookActivity:
    other = activity.counter_account_id
    return BookActivity(
        id=activity.id,
        kind=activity.kind,
        effective_at=activity.effective_at,
        account=activity.account_id,
        counter_account=other if other in known else None,
        instrument=activity.instrument_id,
        quantity=activity.quantity,
        unit_price=activity.unit_price,
        currency=activity.currency,
        amount=activity.amount,
        fees=activity.fees,
        taxes=activity.taxes,
        counter_instrument=activity.counter_instrument_id,
        counter_quantity=activity.counter_quantity,
        counter_amount=activity.counter_amount,
        counter_currency=activity.counter_currency,
        ratio=activity.ratio,
        source=activity.source,
        external_id=activity.external_id,
        content_hash=None if activity.content_hash is None else activity.content_hash.hex(),
        payee=activity.payee,
        memo=activity.memo,
        category=activity.category,
        lots=tuple(BookLot(lot_id=lot, quantity=units) for lot, units in activity.lot_choice),
        metadata=activity.metadata,
        own_category=activity.own_category,
        note=activity.note,
        tags=activity.tags,
    )


def _seen_from_there(activity: LoggedActivity) -> LoggedActivity:
    """Return a transfer as the account on its other side sees it, that side alone being exported."""
    arrives = activity.kind != ActivityKind.TRANSFER_IN
    return replace(
        activity,
        kind=(ActivityKind.TRANSFER_IN if arrives else ActivityKind.TRANSFER_OUT).value,
        account_id=activity.counter_account_id or activity.account_id,
        counter_account_id=None,
        amount=activity.counter_amount if activity.counter_amount is not None else activity.amount,
        currency=activity.counter_currency or activity.currency,
        counter_amount=None,
        counter_currency=None,
        fees=None,
        taxes=None,
        external_id=None,
        content_hash=None,
    )


def _statement(
    accounts: Sequence[Account],
    log: Sequence[LoggedActivity],
    instruments: dict[uuid.UUID, InstrumentRow],
) -> Statement:
    securities = _securities(instruments)
    names = Names(
        accounts={account.id: account.name for account in accounts},
        securities={key: security.key for key, security in securities.items()},
    )
    rows: dict[uuid.UUID, list[Activity]] = defaultdict(list)
    for activity in log:
        for account_id, row in rows_of(activity, names):
            if account_id in names.accounts:
                rows[account_id].append(row)
    by_key = {security.key: security for security in securities.values()}
    return Statement(
        format=Format.CSV_BURSAR,
        accounts=tuple(_stated(account, rows[account.id], by_key) for account in accounts),
    )


def _securities(instruments: dict[uuid.UUID, InstrumentRow]) -> dict[uuid.UUID, Security]:
    """Return each instrument as a security; a ticker that two of them share is told apart by id."""
    found: dict[uuid.UUID, Security] = {}
    taken: set[str] = set()
    for key, row in instruments.items():
        names = {name.scheme: name.value for name in row.identifiers if name.valid_to is None}
        label = row.ticker or row.name
        label = label if label not in taken else f"{label} {key}"
        taken.add(label)
        provider = names.get(Scheme.PROVIDER)
        found[key] = Security(
            key=label,
            kind=SECURITY_KINDS.get(row.kind, SecurityKind.OTHER),
            symbol=row.ticker,
            name=row.name,
            isin=names.get(Scheme.ISIN),
            cusip=names.get(Scheme.CUSIP),
            source_id=provider,
            currency=row.currency,
            multiplier=row.multiplier if row.multiplier != Decimal(1) else None,
        )
    return found


def _stated(
    account: Account, rows: Sequence[Activity], securities: dict[str, Security]
) -> StatementAccount:
    used = {row.security for row in rows if row.security is not None}
    kinds = {kind.value for kind in AccountKind}
    return StatementAccount(
        external_id=account.external_id or "",
        institution=account.institution,
        name=account.name,
        kind=AccountKind(account.kind) if account.kind in kinds else AccountKind.UNKNOWN,
        currency=account.currency,
        activities=tuple(rows),
        securities=tuple(securities[key] for key in sorted(used)),
    )
