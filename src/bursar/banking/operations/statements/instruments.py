"""Which instrument of the market each security of a file is: found by its identifiers, or created."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from bursar.banking.calc.securities import contract_size, identifiers_of, is_crypto
from bursar.banking.formats.statement import Security, SecurityKind
from bursar.banking.operations.statements.accounts import Place
from bursar.ledger.models import CommodityKind, InstrumentRef
from bursar.market.models.instruments import InstrumentKind, InstrumentRow
from bursar.market.operations import instruments as market_instruments
from bursar.market.operations.instruments import Lookup
from bursar.runtime.context import Context

EXPONENT_DEFAULT = 8
EXPONENT_MAX = 18
CODE_CHARACTERS_MAX = 50
KINDS = {
    SecurityKind.STOCK: InstrumentKind.STOCK,
    SecurityKind.FUND: InstrumentKind.FUND,
    SecurityKind.BOND: InstrumentKind.BOND,
    SecurityKind.OPTION: InstrumentKind.OPTION,
    SecurityKind.CRYPTO: InstrumentKind.CRYPTO,
    SecurityKind.FUTURE: InstrumentKind.OTHER,
    SecurityKind.OTHER: InstrumentKind.STOCK,
}


async def instruments_for(
    context: Context, places: Iterable[Place]
) -> list[dict[str, InstrumentRef]]:
    """Return, for each account of the file, the instruments by the keys that the file uses."""
    places = list(places)
    lookups = [
        _lookup(place, security, last, quantities)
        for place in places
        for security, last, quantities in _used(place)
    ]
    rows = iter(
        await market_instruments.resolve_many(context, lookups, create_if_missing=True)
        if lookups
        else ()
    )
    return [
        {security.key: reference_of(next(rows)) for security, _, _ in _used(place)}
        for place in places
    ]


def reference_of(row: InstrumentRow) -> InstrumentRef:
    """Return an instrument as the book needs it."""
    crypto = row.kind is InstrumentKind.CRYPTO
    return InstrumentRef(
        instrument_id=row.id,
        code=(row.ticker or row.name)[:CODE_CHARACTERS_MAX],
        exponent=row.quantity_exponent,
        kind=CommodityKind.CRYPTO if crypto else CommodityKind.SECURITY,
    )


def _used(place: Place) -> list[tuple[Security, dt.date | None, list[Decimal]]]:
    """Return the securities that rows or positions refer to, each with its last day and quantities."""
    last: dict[str, dt.date | None] = {}
    quantities: dict[str, list[Decimal]] = {}
    for activity in place.stated.activities:
        if activity.security is not None:
            before = last.get(activity.security)
            last[activity.security] = activity.day if before is None else max(before, activity.day)
            if activity.quantity is not None:
                quantities.setdefault(activity.security, []).append(activity.quantity)
    for position in place.stated.stated_positions:
        last.setdefault(position.security, None)
        quantities.setdefault(position.security, []).append(position.quantity)
    return [
        (security, last[security.key], quantities.get(security.key, []))
        for security in place.stated.securities
        if security.key in last
    ]


def _lookup(
    place: Place, security: Security, last: dt.date | None, quantities: list[Decimal]
) -> Lookup:
    places = max((_places(quantity) for quantity in quantities), default=0)
    default = EXPONENT_MAX if is_crypto(security) else EXPONENT_DEFAULT
    return Lookup(
        identifiers=identifiers_of(security, place.stated.institution),
        currency=security.currency or place.currency,
        as_of=last,
        kind=KINDS[security.kind],
        name=security.name or security.symbol or security.key,
        quantity_exponent=min(max(places, default), EXPONENT_MAX),
        multiplier=contract_size(security),
    )


def _places(quantity: Decimal) -> int:
    exponent = quantity.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
