"""Instruments and their identifiers, read in bulk."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Text, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.market.calc.matching import Scheme
from bursar.market.models.instruments import (
    Identifier,
    InstrumentKind,
    InstrumentRow,
    ListInstruments,
)
from bursar.market.tables import Instrument, InstrumentIdentifier


async def lock(session: AsyncSession, workspace_id: uuid.UUID) -> None:
    """Let one transaction a workspace create instruments from look-ups; others wait for its end."""
    key = func.hashtextextended(f"market.instrument:{workspace_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def identifiers_named(
    session: AsyncSession, names: Collection[tuple[str, str]]
) -> Sequence[InstrumentIdentifier]:
    """Return every identifier, past or present, that equals one of the (scheme, value) pairs."""
    schemes = cast([scheme for scheme, _ in names], ARRAY(Text()))
    values = cast([value for _, value in names], ARRAY(Text()))
    wanted = select(func.unnest(schemes), func.unnest(values))
    found = await session.scalars(
        select(InstrumentIdentifier).where(
            tuple_(InstrumentIdentifier.scheme, InstrumentIdentifier.value).in_(wanted)
        )
    )
    return found.all()


async def read(
    session: AsyncSession, instrument_ids: Iterable[uuid.UUID], today: dt.date
) -> dict[uuid.UUID, InstrumentRow]:
    """Return instruments by id, with their identifiers; unknown ids are left out."""
    ids = list(set(instrument_ids))
    if not ids:
        return {}
    rows = await session.scalars(select(Instrument).where(Instrument.id == func.any(ids)))
    return await _with_identifiers(session, rows.all(), today)


async def page(
    session: AsyncSession, body: ListInstruments, after: uuid.UUID | None, today: dt.date
) -> list[InstrumentRow]:
    """Return one page of instruments in the order they were made, one row more than its limit."""
    query = select(Instrument).order_by(Instrument.id).limit(body.limit + 1)
    if after is not None:
        query = query.where(Instrument.id > after)
    if body.kind is not None:
        query = query.where(Instrument.kind == body.kind.value)
    if body.active is not None:
        query = query.where(Instrument.active == body.active)
    if body.search is not None:
        named = select(InstrumentIdentifier.instrument_id).where(
            InstrumentIdentifier.value.icontains(body.search, autoescape=True)
        )
        query = query.where(
            or_(Instrument.name.icontains(body.search, autoescape=True), Instrument.id.in_(named))
        )
    rows = (await session.scalars(query)).all()
    return list((await _with_identifiers(session, rows, today)).values())


async def _with_identifiers(
    session: AsyncSession, rows: Sequence[Instrument], today: dt.date
) -> dict[uuid.UUID, InstrumentRow]:
    ids = [row.id for row in rows]
    names: dict[uuid.UUID, list[Identifier]] = {key: [] for key in ids}
    found = await session.scalars(
        select(InstrumentIdentifier)
        .where(InstrumentIdentifier.instrument_id == func.any(ids))
        .order_by(InstrumentIdentifier.valid_from.asc().nulls_first(), InstrumentIdentifier.id)
    )
    for name in found:
        names[name.instrument_id].append(
            Identifier(
                scheme=Scheme(name.scheme),
                value=name.value,
                valid_from=name.valid_from,
                valid_to=name.valid_to,
            )
        )
    return {row.id: _model(row, names[row.id], today) for row in rows}


def _model(row: Instrument, names: list[Identifier], today: dt.date) -> InstrumentRow:
    fields: dict[str, Any] = {
        "id": row.id,
        "kind": InstrumentKind(row.kind),
        "asset_class": row.asset_class,
        "name": row.name,
        "ticker": None,
        "currency": row.currency,
        "quantity_exponent": row.quantity_exponent,
        "multiplier": row.multiplier,
        "calendar": row.calendar,
        "classification": row.classification,
        "active": row.active,
        "identifiers": tuple(names),
    }
    made = InstrumentRow(**fields)
    return made.model_copy(update={"ticker": made.identifier(Scheme.TICKER, today)})
