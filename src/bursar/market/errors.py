"""What market refuses, each with what to do about it."""

from bursar.core.errors import BursarError, Conflict, InvalidInput, NotFound


class UnknownInstrument(NotFound):
    """No instrument goes by this name on the day asked for."""

    code = "unknown_instrument"
    default_hint = "List instruments with market.list_instruments, or create it first."


class AmbiguousInstrument(Conflict):
    """Several instruments go by this name on the day asked for."""

    code = "ambiguous_instrument"
    default_hint = "Name it by id, ISIN, FIGI or exchange, such as exchange:XNAS:AAPL."


class InstrumentExists(Conflict):
    """An instrument with this worldwide identifier and currency is already there."""

    code = "instrument_exists"


class NoPrice(NotFound):
    """The instrument has no price at or before the moment asked for."""

    code = "no_price"
    default_hint = "Load prices with market.load_prices or fetch them with market.refresh_prices."


class NoRate(NotFound):
    """No exchange rate, direct, inverse or through a pivot, is known and young enough."""

    code = "no_exchange_rate"
    default_hint = "Record one with market.record_fx_rates."


class BadFile(InvalidInput):
    """A file's rows cannot be accepted; `details.problems` names line, field and reason."""

    code = "bad_file"
    default_hint = "Correct the lines named in details, or ask for partial to take the good rows."


class NoSource(BursarError):
    """No price source can serve this request."""

    code = "no_price_source"
    default_hint = "Choose one of: yahoo, alphavantage (which needs ALPHAVANTAGE_API_KEY)."
