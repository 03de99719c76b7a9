"""A local server that speaks Yahoo's chart API and AlphaVantage's query API."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any]


@dataclass
class Server:
    """What the server is to answer, and what it was asked."""

    base_url: str
    answer: Callable[[str, dict[str, str]], Answer]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def serve(answer: Callable[[str, dict[str, str]], Answer]) -> Iterator[Server]:
    state = Server("", answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path in {"/", "/v1/test/getcrumb"}:
                return self._send(200, "crumb")
            if parts.path == "/consent":
                return self._send(404, "")
            state.asked.append((parts.path, query))
            return self._send(*state.answer(parts.path, query))

        def _send(self, status: int, body: Any) -> None:
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.base_url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def chart(currency: str = "USD", **changes: Any) -> dict[str, Any]:
    """Yahoo's answer for AAPL around its split of 2020-08-31 (closes split-adjusted)."""
    days = {
        1596720600: 113.9025,  # 2020-08-06
        1596807000: 111.1125,  # 2020-08-07, dividend 0.205 of today's shares
        1598621400: 124.8075,  # 2020-08-28
        1598880600: 129.0399932861328,  # 2020-08-31, a 32-bit 129.04
    }
    closes: list[float | None] = list(days.values())
    quote = {
        name: closes if name != "volume" else [1, 2, 3, 4]
        for name in ("open", "high", "low", "close", "volume")
    }
    meta = {
        "currency": currency,
        "symbol": "AAPL",
        "instrumentType": "EQUITY",
        "exchangeTimezoneName": "America/New_York",
        "timezone": "EDT",
        "gmtoffset": -14400,
        "regularMarketTime": 1598904002,
        "regularMarketPrice": 129.04,
        "priceHint": 2,
        "dataGranularity": "1d",
        "range": "5d",
        "validRanges": ["1d", "5d", "1mo", "max"],
        "firstTradeDate": 345479400,
    }
    result = {
        "meta": meta,
        "timestamp": list(days),
        "events": {
            "dividends": {"1596807000": {"amount": 0.205, "date": 1596807000}},
            "splits": {
                "1598880600": {
                    "date": 1598880600,
                    "numerator": 4.0,
                    "denominator": 1.0,
                    "splitRatio": "4:1",
                }
            },
        },
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": closes}]},
    }
    return {"chart": {"result": [{**result, **changes}], "error": None}}


NOT_FOUND = {
    "chart": {
        "result": None,
        "error": {"code": "Not Found", "description": "No data found, symbol may be delisted"},
    }
}

DAILY = {
    "Meta Data": {"2. Symbol": "IBM", "5. Time Zone": "US/Eastern"},
    "Time Series (Daily)": {
        "2026-01-14": {
            "1. open": "230.1000",
            "2. high": "233.0000",
            "3. low": "229.5000",
            "4. close": "232.4100",
            "5. volume": "3456789",
        },
        "2026-01-13": {
            "1. open": "229.0000",
            "2. high": "231.0000",
            "3. low": "228.0000",
            "4. close": "230.0500",
            "5. volume": "2345678",
        },
    },
}
QUOTE = {
    "Global Quote": {
        "01. symbol": "IBM",
        "05. price": "232.4100",
        "07. latest trading day": "2026-01-14",
    }
}
LIMIT_MINUTE = {
    "Note": "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and 500 calls per day."
}
LIMIT_DAY = {
    "Information": "We have detected your API key as SECRET and our standard API rate limit is 25 requests per day."
}
DEMO = {"Information": "The **demo** API key is for demo purposes only."}
BAD_SYMBOL = {"Error Message": "Invalid API call. Please retry or visit the documentation."}
