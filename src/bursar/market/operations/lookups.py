"""Finding instruments by any identifier on any day, and creating the ones a file names first."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import JsonValue
from sqlalchemy import insert

from bursar.core.errors import InvalidInput
from bursar.core.ids import new_id
from bursar.market.calc import matching
from bursar.market.calc.matching import Known, Scheme
from bursar.market.errors import AmbiguousInstrument, UnknownInstrument
from bursar.market.models.instruments import (
    CreateInstrument,
    Identifier,
    InstrumentKind,
    InstrumentRow,
    ListInstruments,
)
from bursar.market.store import instruments as store
from bursar.market.tables import Instrument, InstrumentIdentifier
from bursar.runtime.context import Context

LOOKUPS_MAX = 20_000
CANDIDATES_SHOWN_MAX = 10
ROWS_PER_INSERT = 2_000

ASSET_CLASS_OF = {
    InstrumentKind.STOCK: "stocks",
    InstrumentKind.ETF: "stocks",
    InstrumentKind.FUND: "stocks",
    InstrumentKind.BOND: "bonds",
    InstrumentKind.CRYPTO: "crypto",
    InstrumentKind.CURRENCY: "cash",
    InstrumentKind.OPTION: "derivatives",
    InstrumentKind.COMMODITY: "commodities",
    InstrumentKind.PROPERTY: "property",
    InstrumentKind.OTHER: "other",
}
TRADED_ON_EXCHANGE = frozenset(
    {InstrumentKind.STOCK, InstrumentKind.ETF, InstrumentKind.FUND, InstrumentKind.OPTION}
)


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a statement or file knows of an instrument.

    identifiers: value by scheme (Scheme or its text). currency narrows several listings to one.
    as_of: the day the identifiers held; None means today. kind, name, quantity_exponent and
    multiplier are used only when the instrument must be created.
    """

    identifiers: Mapping[Scheme, str] = field(default_factory=dict)
    currency: str | None = None
    as_of: dt.date | None = None
    kind: InstrumentKind = InstrumentKind.STOCK
    name: str = ""
    quantity_exponent: int | None = None
    multiplier: Decimal | None = None


async def get(context: Context, instrument_id: uuid.UUID) -> InstrumentRow:
    """Return an instrument by id. Raises UnknownInstrument."""
    found = await get_many(context, [instrument_id])
    if instrument_id not in found:
        raise UnknownInstrument(f"there is no instrument {instrument_id}")
    return found[instrument_id]


async def get_many(
    context: Context, instrument_ids: Iterable[uuid.UUID]
) -> dict[uuid.UUID, InstrumentRow]:
    """Return instruments by id; unknown ids are left out."""
    return await store.read(context.session, instrument_ids, context.clock.now().date())


async def active(context: Context, count_max: int) -> list[InstrumentRow]:
    """Return every active instrument. Raises InvalidInput when there are more than `count_max`."""
    body = ListInstruments.model_construct(
        kind=None, active=True, search=None, limit=count_max, cursor=None
    )
    rows = await store.page(context.session, body, None, context.clock.now().date())
    if len(rows) > count_max:
        raise InvalidInput(
            f"there are more than {count_max} active instruments; name them in parts",
            field="instruments",
        )
    return rows


async def find(context: Context, reference: str, *, as_of: dt.date | None = None) -> InstrumentRow:
    """Return the instrument an id, a ticker or scheme:value names.

    Raises UnknownInstrument or AmbiguousInstrument, each with what to do.
    """
    try:
        return await get(context, uuid.UUID(reference))
    except ValueError:
        pass
    scheme, colon, value = reference.partition(":")
    named = colon and scheme.lower() in {known.value for known in Scheme}
    wanted = {Scheme(scheme.lower()): value} if named else {Scheme.TICKER: reference}
    return await resolve(context, wanted, as_of=as_of)


async def resolve(
    context: Context,
    identifiers: Mapping[Scheme, str],
    *,
    as_of: dt.date | None = None,
    currency: str | None = None,
    create_if_missing: Lookup | None = None,
) -> InstrumentRow:
    """Return the instrument that the identifiers name on a day, created from a Lookup if asked.

    Raises UnknownInstrument, AmbiguousInstrument.
    """
    lookup = Lookup(identifiers, currency=currency, as_of=as_of)
    if create_if_missing is not None:
        lookup = create_if_missing
    (row,) = await resolve_many(context, [lookup], create_if_missing=create_if_missing is not None)
    return row


async def resolve_many(
    context: Context, lookups: Sequence[Lookup], *, create_if_missing: bool = False
) -> list[InstrumentRow]:
    """Return the instrument of each lookup, in order, with a fixed number of queries.

    With create_if_missing an unknown one is created (its lookup needs a currency); two lookups
    that name the same unknown instrument create it once. Raises UnknownInstrument,
    AmbiguousInstrument, InvalidInput.
    """
    if len(lookups) > LOOKUPS_MAX:
        raise InvalidInput(f"at most {LOOKUPS_MAX} instruments can be looked up at once")
    wanted = [
        {Scheme(s): matching.normal(Scheme(s), v) for s, v in lookup.identifiers.items() if v}
        for lookup in lookups
    ]
    if not all(wanted):
        raise InvalidInput("an instrument needs at least one identifier", field="identifiers")
    found, missing = await _match(context, lookups, wanted)
    if missing and not create_if_missing:
        raise next(iter(missing.values()))
    if missing:
        # two files loaded at once must not both create what neither found
        await store.lock(context.session, context.workspace_id)
        found, missing = await _match(context, lookups, wanted)
        created = {place: wanted[place] for place in missing}
        found |= await _create_missing(context, lookups, created)
    return [found[place] for place in range(len(lookups))]


async def _match(
    context: Context, lookups: Sequence[Lookup], wanted: Sequence[Mapping[Scheme, str]]
) -> tuple[dict[int, InstrumentRow], dict[int, UnknownInstrument]]:
    """Return the instruments found, and for the others why not, by place."""
    today = context.clock.now().date()
    known = await known_names(context, {pair for names in wanted for pair in names.items()})
    by_name: dict[tuple[Scheme, str], list[Known]] = {}
    for name in known:
        by_name.setdefault((name.scheme, name.value), []).append(name)
    rows = await store.read(context.session, {name.instrument_id for name in known}, today)
    found: dict[int, InstrumentRow] = {}
    missing: dict[int, UnknownInstrument] = {}
    for place, (lookup, names) in enumerate(zip(lookups, wanted, strict=True)):
        mine = [name for pair in names.items() for name in by_name.get(pair, ())]
        row = _choose(rows, lookup, names, matching.candidates(names, mine, lookup.as_of or today))
        if row is not None:
            found[place] = row
        else:
            missing[place] = _unknown(names, mine)
    return found, missing


def _choose(
    rows: Mapping[uuid.UUID, InstrumentRow],
    lookup: Lookup,
    names: Mapping[Scheme, str],
    candidates: Sequence[uuid.UUID],
) -> InstrumentRow | None:
    day = lookup.as_of or dt.date.max
    kept = [
        rows[i]
        for i in candidates
        if not matching.contradicts({s: rows[i].identifier(s, day) for s in names}, names)
    ]
    if len(kept) > 1 and lookup.currency is not None:
        kept = [row for row in kept if row.currency == lookup.currency]
    if len(kept) > 1:
        shown: list[JsonValue] = [
            {"id": str(row.id), "name": row.name, "currency": row.currency, "kind": row.kind.value}
            for row in kept[:CANDIDATES_SHOWN_MAX]
        ]
        raise AmbiguousInstrument(
            f"{_words(names)} names {len(kept)} instruments", details={"candidates": shown}
        )
    return kept[0] if kept else None


def _unknown(names: Mapping[Scheme, str], past: Sequence[Known]) -> UnknownInstrument:
    message = f"no instrument goes by {_words(names)}"
    held = [name for name in past if name.valid_to is not None]
    if held:
        last = max(held, key=lambda name: name.valid_to or dt.date.min)
        message += f" on this day; {last.value} was in use until {last.valid_to}"
    return UnknownInstrument(message)


def _words(names: Mapping[Scheme, str]) -> str:
    return ", ".join(f"{scheme.value} {value}" for scheme, value in names.items())


async def known_names(context: Context, names: Iterable[tuple[Scheme, str]]) -> list[Known]:
    """Return every identifier, past or present, that equals one of the names."""
    pairs = [(scheme.value, value) for scheme, value in names]
    if not pairs:
        return []
    return [
        Known(row.instrument_id, Scheme(row.scheme), row.value, row.valid_from, row.valid_to)
        for row in await store.identifiers_named(context.session, pairs)
    ]


@dataclass(frozen=True, slots=True)
class _Unborn:
    """An instrument to create, with the names that the lookups meaning it gave so far."""

    id: uuid.UUID
    lookup: Lookup
    names: dict[Scheme, str]

    def body(self) -> CreateInstrument:
        name = self.lookup.name or self.names.get(Scheme.TICKER) or next(iter(self.names.values()))
        return CreateInstrument(
            kind=self.lookup.kind,
            name=name[:120],
            currency=self.lookup.currency or "",
            quantity_exponent=self.lookup.quantity_exponent,
            multiplier=self.lookup.multiplier,
        )


def _strongest(names: Mapping[Scheme, str]) -> Scheme:
    return next(scheme for scheme in Scheme if scheme in names)


async def _create_missing(
    context: Context, lookups: Sequence[Lookup], missing: Mapping[int, Mapping[Scheme, str]]
) -> dict[int, InstrumentRow]:
    """Create each unknown instrument once, whatever number of lookups name it."""
    if not missing:
        return {}
    made: list[_Unborn] = []
    by_name: dict[tuple[str, Scheme, str], list[_Unborn]] = {}
    place_id: dict[int, uuid.UUID] = {}
    # the most telling first: a mere ticker then joins the instrument whose ISIN came with it
    for place in sorted(missing, key=lambda place: list(Scheme).index(_strongest(missing[place]))):
        names, lookup = missing[place], lookups[place]
        if lookup.currency is None:
            raise InvalidInput(
                f"{_words(names)} is unknown and cannot be created without a currency",
                field="currency",
            )
        pairs = [(lookup.currency, scheme, value) for scheme, value in names.items()]
        alike = {each.id: each for pair in pairs for each in by_name.get(pair, ())}
        same = [each for each in alike.values() if not matching.contradicts(each.names, names)]
        if len(same) == 1:
            unborn = same[0]
        else:
            unborn = _Unborn(new_id(), lookup, {})
            made.append(unborn)
        for pair in pairs:
            if pair[1] not in unborn.names:
                unborn.names[pair[1]] = pair[2]
                by_name.setdefault(pair, []).append(unborn)
        place_id[place] = unborn.id
    new: list[tuple[uuid.UUID, CreateInstrument, list[Identifier]]] = []
    for each in made:
        body = each.body()
        new.append((each.id, body, [Identifier(scheme=s, value=v) for s, v in each.names.items()]))
        context.fact("market.instrument_created", each.id, name=body.name)
    await add(context, new)
    rows = await get_many(context, place_id.values())
    return {place: rows[instrument_id] for place, instrument_id in place_id.items()}


async def add(
    context: Context, new: Sequence[tuple[uuid.UUID, CreateInstrument, list[Identifier]]]
) -> None:
    """Add instruments with their identifiers."""
    at = context.clock.now()
    instruments = [
        {
            "id": instrument_id,
            "workspace_id": context.workspace_id,
            "kind": body.kind.value,
            "asset_class": body.asset_class or ASSET_CLASS_OF[body.kind],
            "name": body.name,
            "currency": body.currency,
            "quantity_exponent": _exponent(body),
            "multiplier": body.multiplier if body.multiplier is not None else Decimal(1),
            "calendar": body.calendar or _calendar(body),
            "classification": dict(body.classification),
            "active": True,
            "created_at": at,
        }
        for instrument_id, body, _ in new
    ]
    names = [name_row(context, key, name) for key, _, given in new for name in given]
    for start in range(0, len(instruments), ROWS_PER_INSERT):
        await context.session.execute(
            insert(Instrument), instruments[start : start + ROWS_PER_INSERT]
        )
    for start in range(0, len(names), ROWS_PER_INSERT):
        await context.session.execute(
            insert(InstrumentIdentifier), names[start : start + ROWS_PER_INSERT]
        )


def _exponent(body: CreateInstrument) -> int:
    if body.quantity_exponent is not None:
        return body.quantity_exponent
    return {InstrumentKind.CRYPTO: 18, InstrumentKind.CURRENCY: 2}.get(body.kind, 8)


def _calendar(body: CreateInstrument) -> str | None:
    """Guess the calendar: New York for dollars, else weekdays, which is too many days, not too few."""
    if body.kind not in TRADED_ON_EXCHANGE:
        return None
    return "XNYS" if body.currency == "USD" else "24/5"


def name_row(context: Context, instrument_id: uuid.UUID, name: Identifier) -> dict[str, Any]:
    """Return an identifier as a row to insert."""
    return {
        "id": new_id(),
        "workspace_id": context.workspace_id,
        "instrument_id": instrument_id,
        "scheme": name.scheme.value,
        "value": matching.normal(name.scheme, name.value),
        "valid_from": name.valid_from,
        "valid_to": name.valid_to,
    }
