"""What an account held before and after an import, and whether that is what the institution states."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bursar.banking.formats.statement import Moment
from bursar.banking.models.imports import BalanceCheck
from bursar.banking.operations.statements.accounts import Place
from bursar.core.clock import utc_midnight
from bursar.core.money import format_decimal
from bursar.ledger.models import BalancesQuery, InstrumentRef
from bursar.ledger.operations.balances import get_balances
from bursar.runtime.context import Context

Commodity = uuid.UUID | str
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file states of one commodity at the end of a day; `until` is None for "now"."""

    commodity: Commodity
    code: str
    amount: Decimal
    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """How much is held, and by which code it is shown."""

    code: str
    amount: Decimal


async def held_by(
    context: Context, account_id: uuid.UUID, at: dt.datetime | None = None
) -> dict[Commodity, Held]:
    """Return what an account holds now, or at the end of a moment."""
    report = await get_balances(context, BalancesQuery(account_id=account_id, at=at))
    return {
        balance.instrument_id or balance.code: Held(balance.code, balance.amount)
        for account in report.accounts
        for balance in account.balances
    }


def stated_in(place: Place, instruments: Mapping[str, InstrumentRef]) -> list[Stated]:
    """Return every balance the file states; a listed portfolio states zero for all it leaves out."""
    found: dict[Commodity, Stated] = {}
    for balance in place.stated.balances:
        code = balance.currency or place.currency
        if balance.kind == "ledger" and code not in found:
            found[code] = Stated(code, code, balance.amount, end_of(balance.as_of))
    sums: dict[str, Decimal] = {}
    for position in place.stated.stated_positions:
        sums[position.security] = sums.get(position.security, ZERO) + position.quantity
    moments = [end_of(p.as_of) for p in place.stated.stated_positions if p.as_of is not None]
    fallback = place.stated.stated_balance
    at = end_of(fallback.as_of) if fallback is not None else None
    at = max([moment for moment in moments if moment is not None], default=at)
    keys = {p.security: end_of(p.as_of) or at for p in place.stated.stated_positions}
    if sums:
        for key in instruments:
            keys.setdefault(key, at)
    for key, until in keys.items():
        reference = instruments.get(key)
        if reference is not None:
            amount = sums.get(key, ZERO)
            earlier = found.get(reference.instrument_id)
            if earlier is not None:  # two keys of the file are one instrument
                amount += earlier.amount
            found[reference.instrument_id] = Stated(
                reference.instrument_id, reference.code, amount, until
            )
    return list(found.values())


def end_of(moment: Moment | None) -> dt.datetime | None:
    """Return the last microsecond of the UTC day of a moment."""
    if moment is None:
        return None
    day = moment.date() if isinstance(moment, dt.datetime) else moment
    return utc_midnight(day) + dt.timedelta(days=1, microseconds=-1)


async def compare(
    context: Context, place: Place, stated: list[Stated], before: Mapping[Commodity, Held]
) -> list[BalanceCheck]:
    """Return every balance the account had, has, or should have."""
    account_id = place.account.id
    after = await held_by(context, account_id)
    moments = {each.until for each in stated if each.until is not None}
    then = {moment: await held_by(context, account_id, moment) for moment in moments}
    by_commodity = {each.commodity: each for each in stated}
    checks: list[BalanceCheck] = []
    for commodity in dict.fromkeys([*by_commodity, *after, *before]):
        each = by_commodity.get(commodity)
        held = after.get(commodity) or before.get(commodity)
        computed: Decimal | None = None
        if each is not None:
            now = after if each.until is None else then[each.until]
            computed = now[commodity].amount if commodity in now else ZERO
        checks.append(
            BalanceCheck(
                code=each.code if each is not None else held.code if held is not None else "",
                before=before[commodity].amount if commodity in before else ZERO,
                after=after[commodity].amount if commodity in after else ZERO,
                stated=each.amount if each is not None else None,
                as_of=each.until if each is not None else None,
                computed=computed,
                difference=(
                    computed - each.amount if each is not None and computed is not None else None
                ),
            )
        )
    return [check for check in checks if check.before or check.after or check.stated]


def differences(place: Place, checks: list[BalanceCheck]) -> list[str]:
    """Say in words where the book and the file do not agree."""
    return [
        f"{place.account.name}: the file states {format_decimal(check.stated)} {check.code}"
        f"{'' if check.as_of is None else f' on {check.as_of.date()}'}, the book holds "
        f"{format_decimal(check.computed or ZERO)} (difference {format_decimal(check.difference)})"
        for check in checks
        if check.stated is not None and check.difference
    ]
