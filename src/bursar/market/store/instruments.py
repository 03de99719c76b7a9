"""Instruments and their identifiers, read in bulk."""

import asyncio
import datetime as dt
import json
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
from bursar.market.store.prices import driver
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


# More are made in a thread, so that other requests are answered meanwhile.
MODELS_AT_ONCE_MAX = 200
READ = """
SELECT i.id, i.kind, i.asset_class, i.name, i.currency, i.quantity_exponent, i.multiplier,
       i.calendar, i.classification::text AS classification, i.active, n.identifiers
FROM unnest($1::uuid[]) WITH ORDINALITY AS k (id, n)
JOIN instrument i ON i.id = k.id
LEFT JOIN (
    SELECT instrument_id,
           array_agg(ROW(scheme, value, valid_from, valid_to)
                     ORDER BY valid_from NULLS FIRST, id) AS identifiers
    FROM instrument_identifier WHERE instrument_id = ANY ($1) GROUP BY instrument_id
) n ON n.instrument_id = i.id
ORDER BY k.n
"""


async def read(
    session: AsyncSession, instrument_ids: Iterable[uuid.UUID], today: dt.date
) -> dict[uuid.UUID, InstrumentRow]:
    """Return instruments by id, with their identifiers; unknown ids are left out.

    Past the ORM and without validation: a thousand of them are read for one portfolio.
    """
    ids = list(dict.fromkeys(instrument_ids))
    if not ids:
        return {}
    await session.flush()
    records = await (await driver(session)).fetch(READ, ids)
    if len(records) <= MODELS_AT_ONCE_MAX:
        return _models(records, today)
    return await asyncio.to_thread(_models, records, today)


def _models(records: Iterable[Any], today: dt.date) -> dict[uuid.UUID, InstrumentRow]:
    return {record["id"]: _model(record, today) for record in records}


async def page(
    session: AsyncSession, body: ListInstruments, after: uuid.UUID | None, today: dt.date
) -> list[InstrumentRow]:
    """Return one page of instruments in the order they were made, one row more than its limit."""
    query = select(Instrument.id).order_by(Instrument.id).limit(body.limit + 1)
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
    ids = (await session.scalars(query)).all()
    return list((await read(session, ids, today)).values())


def _model(record: Any, today: dt.date) -> InstrumentRow:
    fields = dict(record)
    made = InstrumentRow.model_construct(
        **fields
        | {
            "kind": InstrumentKind(fields["kind"]),
            "classification": json.loads(fields["classification"]),
            "identifiers": tuple(
                Identifier.model_construct(
                    scheme=Scheme(scheme), value=value, valid_from=start, valid_to=end
                )
                for scheme, value, start, end in fields["identifiers"] or ()
            ),
            "ticker": None,
        }
    )
    ticker = made.identifier(Scheme.TICKER, today)
    return made if ticker is None else made.model_copy(update={"ticker": ticker})
