"""What people call a position."""

from bursar.portfolio.view.book import HeldPosition
from bursar.portfolio.view.view import BookView


def name_of(view: BookView, position: HeldPosition) -> str:
    """Return the ticker, name or currency code of a position."""
    if position.instrument_id is None:
        return position.code
    known = view.instrument(position.instrument_id)
    return position.code if known is None else (known.ticker or known.name)
