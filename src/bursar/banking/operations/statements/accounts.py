"""Which account of the book each account of a file is: found by its number or name, or opened."""

import datetime as dt
import difflib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from bursar.banking.errors import AccountNotNamed
from bursar.banking.formats.statement import AccountKind as StatedKind
from bursar.banking.formats.statement import Activity, Statement, StatementAccount
from bursar.core.clock import utc_midnight
from bursar.core.errors import InvalidInput
from bursar.core.model import Nothing
from bursar.identity.operations import workspaces
from bursar.ledger.calc.currencies import currency
from bursar.ledger.errors import AccountNotFound
from bursar.ledger.models import Account, AccountKind, AccountsQuery, NewAccount
from bursar.ledger.operations import accounts as ledger_accounts
from bursar.runtime.context import Context

PAGES_MAX = 20
NAME_CHARACTERS_MAX = 200
NAMES_SHOWN_MAX = 10
_ALIKE = 0.8


@dataclass(frozen=True, slots=True)
class Place:
    """An account of the book that an account of the file goes into."""

    stated: StatementAccount
    account: Account
    opened: bool

    @property
    def currency(self) -> str:
        """The currency of rows that name none."""
        return self.stated.currency or self.account.currency or "USD"


async def places_for(context: Context, statement: Statement, wanted: str | None) -> list[Place]:
    """Return the account of the book for each account of the file, opening those that are new."""
    stated = [account for account in statement.accounts if not _is_empty(account)]
    if wanted is not None and len(stated) > 1:
        raise InvalidInput(
            f"the file has {len(stated)} accounts, so one account cannot take it",
            field="account",
            hint="Leave account out: each account of the file goes into its own.",
        )
    known = await own_accounts(context)
    base = (await workspaces.get_workspace(context, Nothing())).base_currency
    places: list[Place] = []
    for account in stated:
        found = _named(wanted, known) if wanted is not None else _matching(account, known)
        if found is not None:
            places.append(Place(account, found, opened=False))
            continue
        name = _name_for(account, wanted, known)
        opened = await ledger_accounts.open_account(context, _new(account, name, base))
        known.append(opened)
        places.append(Place(account, opened, opened=True))
    return places


async def account_named(context: Context, wanted: str, *, field: str = "account") -> Account:
    """Return the own account of this id or name. Raises InvalidInput, AccountNotFound."""
    found = _named(wanted, await own_accounts(context), field)
    if found is None:
        raise AccountNotFound(f"there is no account {wanted!r}", field=field)
    return found


def _is_empty(account: StatementAccount) -> bool:
    said = (account.external_id, account.name, account.institution)
    return not (any(said) or account.activities or account.balances or account.stated_positions)


async def own_accounts(context: Context) -> list[Account]:
    """Return every own account, closed ones too, at most 10,000."""
    found: list[Account] = []
    cursor: str | None = None
    for _ in range(PAGES_MAX):
        query = AccountsQuery(kind=None, with_closed=True, limit=500, cursor=cursor)
        page = await ledger_accounts.list_accounts(context, query)
        found.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def _named(wanted: str, known: Sequence[Account], field: str = "account") -> Account | None:
    """Return the account of this id or name; None when a new one of that name is meant."""
    try:
        wanted_id = uuid.UUID(wanted)
    except ValueError:
        pass
    else:
        for account in known:
            if account.id == wanted_id:
                return account
        raise AccountNotFound(f"there is no account {wanted}", field=field)
    text = wanted.strip().casefold()
    same = [a for a in known if text in {a.name.casefold(), (a.external_id or "").casefold()}]
    if len(same) > 1:
        raise InvalidInput(
            f"{len(same)} accounts are called {wanted!r}", field=field, hint="Give the id."
        )
    if same:
        return same[0]
    alike = difflib.get_close_matches(wanted, [a.name for a in known], n=1, cutoff=_ALIKE)
    if alike:
        raise InvalidInput(
            f"there is no account {wanted!r}; did you mean {alike[0]!r}?",
            field=field,
            hint="Give that name, or open the new account first.",
        )
    return None


def _matching(stated: StatementAccount, known: Sequence[Account]) -> Account | None:
    if stated.external_id:
        same = [a for a in known if a.external_id == stated.external_id]
        exact = [a for a in same if a.institution == stated.institution]
        if exact:
            return exact[0]
        # One download names the institution, another does not: the number decides when it is alone.
        if len(same) == 1 and (stated.institution is None or same[0].institution is None):
            return same[0]
        return None
    name = stated.name or stated.institution
    same = [
        a
        for a in known
        if a.external_id is None
        and a.institution == stated.institution
        and name is not None
        and a.name.casefold() == name.casefold()
    ]
    return same[0] if len(same) == 1 else None


def _name_for(stated: StatementAccount, wanted: str | None, known: Sequence[Account]) -> str:
    name = wanted or _own_name(stated)
    if name is None:
        names = ", ".join(repr(a.name) for a in known[:NAMES_SHOWN_MAX])
        raise AccountNotNamed(
            "the file does not say which account it belongs to",
            field="account",
            hint=f"Give account: {names}, or a new name." if names else "Give account a name.",
        )
    return name[:NAME_CHARACTERS_MAX]


def _own_name(stated: StatementAccount) -> str | None:
    """Return the file's name of the account; one made of bank codes is put into words."""
    number, name = stated.external_id, stated.name or ""
    if name and (not number or number not in name or not any(c.isdigit() for c in number)):
        return name
    institution = stated.institution or ""
    if not number:
        return institution or None
    kind = "account" if stated.kind is StatedKind.UNKNOWN else stated.kind.value.replace("_", " ")
    bank = institution if any(letter.isalpha() for letter in institution) else ""
    words = f"{bank} {kind} {number[-4:]}".strip()
    return words[:1].upper() + words[1:]


def sells_short(activity: Activity) -> bool:
    """Tell whether the source calls a row the opening of a short position."""
    words = activity.raw_type.casefold()
    return any(word in words for word in ("short", "sell to open"))


def _new(stated: StatementAccount, name: str, base: str) -> NewAccount:
    has_securities = bool(stated.securities or stated.stated_positions)
    kind = (
        AccountKind(stated.kind.value)
        if stated.kind is not StatedKind.UNKNOWN
        else (AccountKind.BROKERAGE if has_securities else AccountKind.CHECKING)
    )
    code = stated.currency or next((a.currency for a in stated.activities if a.currency), None)
    try:
        code = currency(code).code if code is not None else base
    except ValueError:
        code = base
    first = min((a.day for a in stated.activities), default=None)
    return NewAccount(
        name=name,
        kind=kind,
        currency=code,
        institution=(stated.institution or "")[:NAME_CHARACTERS_MAX] or None,
        external_id=stated.external_id[:NAME_CHARACTERS_MAX] or None,
        allow_short=any(sells_short(activity) for activity in stated.activities),
        opened_at=None if first is None else utc_midnight(first) - dt.timedelta(days=1),
    )
