"""Figure ids: definition, scope, day or period, currency, parameters; nothing is stored for them.

    id         = definition "~" scope "~" period "~" currency *( "~" name "." value )
    definition = as in the catalogue, such as twr.v1
    scope      = as in `bursar.portfolio.view.scope`, such as all
    period     = day | day ".." day          (start excluded, end included), days as 2022-12-28
    currency   = letters and digits, such as USD
    parameters = in alphabetical order, each name once, such as method.fifo; values use letters,
                 digits, "-", "." and "_"

Every character is safe in a URL path without escaping.
"""

import datetime as dt
import re
from dataclasses import dataclass, field, replace

from bursar.core.errors import InvalidInput
from bursar.portfolio.calc.definitions import DEFINITIONS
from bursar.portfolio.view.days import date_of, number_of
from bursar.portfolio.view.scope import Scope

ID_CHARACTERS_MAX = 2_500
CURRENCY = re.compile(r"[A-Z][A-Z0-9]{1,9}")
PARAMETER = re.compile(r"([a-z_]+)\.([A-Za-z0-9._-]+)")


@dataclass(frozen=True, slots=True)
class FigureId:
    """What a figure is of. `start` is None for figures of one day."""

    definition: str
    scope: Scope
    start: int | None
    end: int
    currency: str
    parameters: tuple[tuple[str, str], ...] = field(default=())

    def __str__(self) -> str:
        end = date_of(self.end).isoformat()
        period = end if self.start is None else f"{date_of(self.start).isoformat()}..{end}"
        named = (f"{name}.{value}" for name, value in self.parameters)
        return "~".join((self.definition, str(self.scope), period, self.currency, *named))

    @classmethod
    def parse(cls, text: str) -> "FigureId":
        """Read an id back; raises InvalidInput for anything `str` would not have written."""
        try:
            found = cls._parsed(text)
        except ValueError as error:
            raise _refused(text, str(error)) from None
        if str(found) != text:
            raise _refused(text, "it is spelled in another way than ids are")
        return found

    @classmethod
    def _parsed(cls, text: str) -> "FigureId":
        parts = text[: ID_CHARACTERS_MAX + 1].split("~")
        if len(text) > ID_CHARACTERS_MAX or len(parts) < 4:  # noqa: PLR2004 - see the grammar
            msg = "an id has at least four parts"
            raise ValueError(msg)
        definition, scope, period, currency, *rest = parts
        if definition not in DEFINITIONS:
            msg = f"there is no definition {definition[:60]!r}"
            raise ValueError(msg)
        if not CURRENCY.fullmatch(currency):
            msg = f"{currency[:20]!r} is no currency"
            raise ValueError(msg)
        start, dots, end = period.rpartition("..")
        matches = [PARAMETER.fullmatch(each) for each in rest]
        if any(each is None for each in matches):
            msg = "a parameter is a name, a dot and a value"
            raise ValueError(msg)
        parameters = tuple((each[1], each[2]) for each in matches if each is not None)
        if list(dict(parameters).items()) != sorted(parameters):
            msg = "parameters stand in alphabetical order, each once"
            raise ValueError(msg)
        first = number_of(dt.date.fromisoformat(start)) if dots else None
        last = number_of(dt.date.fromisoformat(end))
        if first is not None and first > last:
            msg = "the period ends before it starts"
            raise ValueError(msg)
        return cls(definition, Scope.parse(scope), first, last, currency, parameters)

    def parameter(self, name: str) -> str | None:
        """Return a parameter, or None."""
        return dict(self.parameters).get(name)

    def of(self, definition: str) -> "FigureId":
        """Return the id of another measure of the same thing."""
        return replace(self, definition=definition)

    def within(self, scope: Scope) -> "FigureId":
        """Return the id of the same measure of another scope."""
        return replace(self, scope=scope)

    def on(self, day: int) -> "FigureId":
        """Return the id of the same measure on one day."""
        return replace(self, start=None, end=day)

    def over(self, start: int, end: int) -> "FigureId":
        """Return the id of the same measure over (start, end]."""
        return replace(self, start=start, end=end)

    def having(self, **parameters: str | None) -> "FigureId":
        """Return the id with parameters set, or removed where None."""
        merged = {**dict(self.parameters), **parameters}
        kept = sorted((name, value) for name, value in merged.items() if value is not None)
        return replace(self, parameters=tuple(kept))


def _refused(text: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"{text[:80]!r} is not a figure id: {why}",
        field="figure_id",
        hint="Pass an id that a figure was returned with, such as "
        "twr.v1~all~2021-12-28..2022-12-28~USD.",
    )
