"""yfinance, pointed at the configured address.

The library has no parameter for its address, but it takes a session: ours sends every request for
Yahoo's hosts to the configured one. It is synchronous and keeps one global session, so calls run
in a thread, one at a time.
"""

import datetime as dt
import threading
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bursar.providers.errors import Down, Rejected, Throttled

TIMEOUT_SECONDS = 15
RETRY_AFTER_SECONDS = 60
NAME = "yahoo"
META_KEYS = ("currency", "regularMarketPrice", "regularMarketTime", "exchangeTimezoneName")
ORIGINAL = "https://query2.finance.yahoo.com"
_one_call = threading.Lock()


def fetch(
    base_url: str, cache_folder: Path, symbol: str, days: tuple[dt.date, dt.date] | None
) -> tuple[Any, dict[str, Any]]:
    """Return (data frame of daily bars, metadata) of a symbol.

    days: first and last day, or None for the last five days. Closes are split-adjusted. Raises
    Down, Throttled, Rejected.
    """
    import yfinance  # noqa: PLC0415 - heavy, loaded on first use
    from yfinance import data as yahoo_data  # noqa: PLC0415 - heavy, loaded on first use

    with _one_call, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # yfinance still uses what pandas 3 deprecates
        cache_folder.mkdir(parents=True, exist_ok=True)
        yfinance.set_tz_cache_location(str(cache_folder))
        yfinance.config.debug.hide_exceptions = False
        yahoo_data.YfData.cache_get.cache_clear()
        try:
            ticker = yfinance.Ticker(symbol, session=_session(base_url))
            options: dict[str, Any] = {"interval": "1d", "auto_adjust": False, "actions": True}
            if days is None:
                options["period"] = "5d"
            else:
                options |= {"start": days[0], "end": days[1] + dt.timedelta(days=1)}
            frame = ticker.history(timeout=TIMEOUT_SECONDS, **options)
            meta = ticker.history_metadata
            # not the whole of it: asking for its lazy keys sends another request
            return frame, {name: meta.get(name) for name in META_KEYS}
        except yfinance.exceptions.YFRateLimitError:
            raise Throttled(
                NAME, "too many requests", retry_after_seconds=RETRY_AFTER_SECONDS
            ) from None
        except yfinance.exceptions.YFTickerMissingError as error:
            raise Rejected(NAME, f"no prices for {symbol}: {error.rationale}") from error
        except (yahoo_data.requests.exceptions.RequestException, OSError, ValueError) as error:
            raise Down(NAME, f"no usable answer ({type(error).__name__})") from error
        except (yfinance.exceptions.YFException, KeyError, TypeError, AttributeError) as error:
            raise Down(NAME, f"an answer yfinance cannot read ({type(error).__name__})") from error


def _session(base_url: str) -> Any:
    from yfinance import data as yahoo_data  # noqa: PLC0415 - heavy, loaded on first use

    session: Any = yahoo_data.new_session()
    target = base_url.rstrip("/")
    if target == ORIGINAL:
        return session
    original = session.request

    def redirected(method: Any, url: str, **options: Any) -> Any:
        parts = urlsplit(url)
        if (parts.hostname or "").endswith("yahoo.com"):
            query = f"?{parts.query}" if parts.query else ""
            url = f"{target}{parts.path}{query}"
        return original(method, url, **options)

    vars(session)["request"] = redirected
    return session
