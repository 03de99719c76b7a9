"""Names that a request must get right: a wrong one is refused, not answered with an empty figure."""

import uuid
from collections.abc import Collection

from bursar.core.errors import InvalidInput, NotFound
from bursar.market.operations import instruments
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.view.scope import Scope, ScopeKind
from bursar.portfolio.view.view import ACCOUNT, ASSET_CLASS, CURRENCY, INSTRUMENT, BookView
from bursar.runtime.context import Context

BUILT_IN = (ASSET_CLASS, ACCOUNT, CURRENCY, INSTRUMENT)
# Asked for before anything is classified, too: then everything is unclassified, and that is true.
CUSTOMARY = ("sector", "region")
NAMES_SHOWN_MAX = 20


def refuse_unknown_taxonomy(view: BookView, name: str, *, field: str) -> None:
    """Raise InvalidInput unless a name divides the book: built in, or a classification in it."""
    used = {each for row in view.quotes.instruments.values() for each in row.classification}
    known = (*BUILT_IN, *CUSTOMARY, *sorted(used.difference(CUSTOMARY)))
    if name not in known:
        raise InvalidInput(
            f"nothing here is classified by {name[:80]!r}", field=field, hint=_known(known)
        )


async def refuse_unknown_parts(context: Context, view: BookView, figure: FigureId) -> None:
    """Raise NotFound for an account or instrument of a figure id that is not there."""
    named = figure.parameter("in")
    scopes = [figure.scope, *([] if named is None else [Scope.parse(named)])]
    accounts = {each for scope in scopes for each in _accounts(scope)}
    for account_id in sorted(accounts.difference(view.book.accounts)):
        raise NotFound(f"there is no account {account_id}", field="figure_id")
    wanted = {each for scope in scopes for each in _instruments(scope)}
    wanted.difference_update(view.quotes.instruments)
    if wanted:
        found = await instruments.get_many(context, sorted(wanted))
        for instrument_id in sorted(wanted.difference(found)):
            raise NotFound(f"there is no instrument {instrument_id}", field="figure_id")


def _accounts(scope: Scope) -> tuple[uuid.UUID, ...]:
    match scope.kind:
        case ScopeKind.ACCOUNT | ScopeKind.HOLDINGS | ScopeKind.CLASS:
            own = scope.words[0] == ACCOUNT
            return (*scope.ids, *([_id(scope.words[1], ACCOUNT)] if own else []))
        case ScopeKind.POSITION:
            return scope.ids[:1]
        case ScopeKind.ALL | ScopeKind.INSTRUMENT:
            return ()


def _instruments(scope: Scope) -> tuple[uuid.UUID, ...]:
    match scope.kind:
        case ScopeKind.INSTRUMENT:
            return scope.ids
        case ScopeKind.POSITION:
            return scope.ids[1:]
        case ScopeKind.CLASS if scope.words[0] == INSTRUMENT and "-" in scope.words[1]:
            return (_id(scope.words[1], INSTRUMENT),)  # without a dash it is a currency's code
        case _:
            return ()


def _id(text: str, what: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound(f"there is no {what} {text[:80]!r}", field="figure_id") from None


def _known(names: Collection[str]) -> str:
    return "Known are " + ", ".join(list(names)[:NAMES_SHOWN_MAX]) + "."
