"""Scopes: which part of the workspace a figure is about.

A scope is a set of positions. Its text is part of figure ids:

    all                               the workspace
    account.<id>[.<id>...]            one or several accounts, cash included
    instrument.<id>                   one instrument in every account, without cash
    position.<account id>.<id>        one instrument in one account
    holdings[.<id>...]                everything but cash, in the workspace or these accounts
    class.<taxonomy>.<value>          every holding of a class; cash is the value "cash"
    class.<taxonomy>.<value>.<id>...  the same in these accounts only

Taxonomy names and values are spelled with letters, digits and "-"; every other character is its
UTF-8 bytes as "_" and two hexadecimal digits.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from bursar.core.errors import InvalidInput

ACCOUNTS_MAX = 50
TEXT_CHARACTERS_MAX = 2_000
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


class ScopeKind(StrEnum):
    """What a scope is."""

    ALL = "all"
    ACCOUNT = "account"
    HOLDINGS = "holdings"
    INSTRUMENT = "instrument"
    POSITION = "position"
    CLASS = "class"


def spell(text: str) -> str:
    """Spell any text with characters that are safe in an id."""
    return "".join(
        c if c in PLAIN else "".join(f"_{byte:02x}" for byte in c.encode()) for c in text
    )


def unspell(text: str) -> str:
    """Read back what `spell` wrote; raises ValueError."""
    raw = bytearray()
    place = 0
    while place < len(text):
        if text[place] == "_":
            digits = text[place + 1 : place + 3]
            if len(digits) != 2 or digits != digits.lower():  # noqa: PLR2004 - one byte in hex
                msg = "an underscore needs two hexadecimal digits behind it"
                raise ValueError(msg)
            raw.append(int(digits, 16))
            place += 3
        elif text[place] in PLAIN:
            raw += text[place].encode()
            place += 1
        else:
            msg = f"{text[place]!r} does not belong here"
            raise ValueError(msg)
    found = raw.decode()
    if spell(found) != text:
        msg = "this text has another spelling"
        raise ValueError(msg)
    return found


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the workspace; `ids` and `words` hold what its kind needs."""

    kind: ScopeKind = ScopeKind.ALL
    ids: tuple[uuid.UUID, ...] = ()
    words: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        if self.kind is ScopeKind.CLASS:
            named = (spell(word) for word in self.words)
            return ".".join((self.kind.value, *named, *(str(each) for each in self.ids)))
        return ".".join((self.kind.value, *(str(each) for each in self.ids)))

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """Read a scope back; raises InvalidInput."""
        try:
            return cls._parsed(text)
        except ValueError:
            raise InvalidInput(
                f"{text[:80]!r} names no scope",
                field="figure_id",
                hint="A scope is all, account.<id>, instrument.<id>, position.<account>.<id> or "
                "class.<taxonomy>.<value>.",
            ) from None

    @classmethod
    def _parsed(cls, text: str) -> "Scope":
        name, *rest = text[:TEXT_CHARACTERS_MAX].split(".")
        kind = ScopeKind(name)
        if kind is ScopeKind.CLASS:
            taxonomy, value, *rest = rest
            words = (unspell(taxonomy), unspell(value))
        else:
            words = ("", "")
        wanted = {
            ScopeKind.ALL: (0, 0),
            ScopeKind.ACCOUNT: (1, ACCOUNTS_MAX),
            ScopeKind.HOLDINGS: (0, ACCOUNTS_MAX),
            ScopeKind.INSTRUMENT: (1, 1),
            ScopeKind.POSITION: (2, 2),
            ScopeKind.CLASS: (0, ACCOUNTS_MAX),
        }[kind]
        ids = tuple(uuid.UUID(each) for each in rest)
        if not wanted[0] <= len(ids) <= wanted[1] or [str(each) for each in ids] != rest:
            msg = "the ids do not fit the kind"
            raise ValueError(msg)
        return cls(kind, ids, words)


WORKSPACE = Scope()
