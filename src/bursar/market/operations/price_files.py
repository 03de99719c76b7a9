"""Loading price files: parsed before the transaction, written whole or not at all."""

import asyncio
import base64
import binascii
import dataclasses
from dataclasses import dataclass

import numpy as np

from bursar.core.errors import InvalidInput, TooLarge
from bursar.market.calc import price_file
from bursar.market.calc.matching import Scheme
from bursar.market.calc.price_file import PriceTable, Problem, UnreadableFile
from bursar.market.errors import BadFile
from bursar.market.models.prices import (
    PROBLEMS_SHOWN_MAX,
    FileProblem,
    LoadPrices,
    PriceBasis,
    PricesWritten,
)
from bursar.market.operations import instruments, prices
from bursar.market.operations.instruments import Lookup
from bursar.market.store.prices import PriceRows
from bursar.runtime.context import Context, PrepareContext
from bursar.runtime.registry import operation


@dataclass(frozen=True, slots=True)
class PreparedPrices:
    """A parsed file, made before the transaction so that none waits for it."""

    table: PriceTable


def parse(body: LoadPrices, bytes_max: int) -> PreparedPrices:
    """Read the file in a request. Raises InvalidInput, TooLarge, BadFile."""
    if (body.text is None) == (body.base64 is None):
        raise InvalidInput("give the file either as text or in base64", field="text")
    if body.base64 is not None:
        try:
            content = base64.b64decode(body.base64, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput("this is not base64", field="base64") from None
    else:
        content = (body.text or "").encode()
    if len(content) > bytes_max:
        raise TooLarge(
            f"the file has {len(content)} bytes; at most {bytes_max} are taken",
            hint="Split the file, or raise UPLOAD_BYTES_MAX.",
        )
    try:
        return PreparedPrices(
            price_file.read(content, file_name=body.file_name, columns=body.columns)
        )
    except UnreadableFile as error:
        raise BadFile(str(error), field="text" if body.text is not None else "base64") from error


async def prepare_load(context: PrepareContext, body: LoadPrices) -> PreparedPrices:
    """Parse the file before the transaction opens, in a thread: a large one takes seconds."""
    return await asyncio.to_thread(parse, body, context.settings.upload_bytes_max)


@operation(
    "market.load_prices",
    scope="market:write",
    http="POST /prices/files",
    writes=True,
    prepare=prepare_load,
)
async def load_prices(context: Context, body: LoadPrices) -> PricesWritten:
    """Load a file of daily prices: CSV or Parquet, one row a price, or one column a ticker.

    Columns are guessed from the header and reported; name them in `columns` to correct the guess.
    The file goes in whole or not at all, unless `partial` is set; each refused row is named with
    its line, field and reason. Loading it again changes nothing.
    """
    prepared = context.prepared or parse(body, context.settings.upload_bytes_max)
    return await load_table(context, prepared.table, body)


async def load_table(context: Context, table: PriceTable, body: LoadPrices) -> PricesWritten:
    """Write a parsed file; `body` says how (its content fields are not read)."""
    _refuse(table.problems, partial=body.partial)
    scheme = _scheme_of(table)
    lookups = [
        Lookup(
            {scheme: ticker},
            currency=body.currency if body.create_instruments else None,
            kind=body.kind,
        )
        for ticker in table.tickers
    ]
    known = await instruments.resolve_many(
        context, lookups, create_if_missing=body.create_instruments
    )
    created = sum(fact.kind == "market.instrument_created" for fact in context.facts)
    ids = sorted({row.id for row in known})
    place = {instrument_id: n for n, instrument_id in enumerate(ids)}
    number_of = {ticker: place[row.id] for ticker, row in zip(table.tickers, known, strict=True)}
    rows = price_file.arrange(table, number_of)
    problems = [*table.problems, *rows.problems]
    _refuse(problems, partial=body.partial)
    written = await prices.write(
        context,
        PriceRows(ids, rows.instrument.astype(np.int64), rows.day, rows.closes, rows.rows),
        source=body.source or f"file:{body.file_name}"[:60],
        basis=PriceBasis.ADJUSTED if table.columns.adjusted else body.basis,
        read=table.read,
    )
    shown = tuple(FileProblem(**dataclasses.asdict(p)) for p in problems[:PROBLEMS_SHOWN_MAX])
    return written.model_copy(
        update={
            "unchanged": written.unchanged - len(problems),
            "instruments_created": created,
            "layout": table.columns.layout.value,
            "columns": dict(table.columns.by_meaning),
            "problems_total": len(problems),
            "problems": shown,
        }
    )


def _refuse(problems: list[Problem], *, partial: bool) -> None:
    if problems and not partial:
        first = problems[0]
        raise BadFile(
            f"{len(problems)} rows cannot be accepted; line {first.line}, {first.field}: {first.reason}",
            field=first.field,
            details={
                "problems_total": len(problems),
                "problems": [dataclasses.asdict(p) for p in problems[:PROBLEMS_SHOWN_MAX]],
            },
        )


def _scheme_of(table: PriceTable) -> Scheme:
    """Tell an ISIN, CUSIP or FIGI column by its name; everything else is a ticker."""
    column = table.columns.by_meaning.get("ticker", "").strip().lower()
    return Scheme(column) if column in {"isin", "cusip", "figi"} else Scheme.TICKER
