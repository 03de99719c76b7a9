"""The lab's way to the server: the REST reads it may ask for, as the person who opened it."""

from collections.abc import Mapping
from typing import Any, Self

import httpx
import streamlit as st

SESSION_COOKIES = ("__Host-bursar_session", "bursar_session")
PREFIX = "/api/v1"
# All of them read; nothing the lab can ask for writes.
READS = frozenset(
    {
        ("GET", "/accounts"),
        ("GET", "/portfolio/drift"),
        ("GET", "/portfolio/history"),
        ("GET", "/portfolio/performance"),
        ("GET", "/portfolio/positions"),
        ("GET", "/portfolio/summary"),
        ("POST", "/portfolio/recommend"),
        ("POST", "/portfolio/scan"),
        ("POST", "/portfolio/what-if"),
    }
)
SECONDS_MAX = 60.0


class Refused(Exception):
    """The server said no: what happened, and what to do about it."""

    def __init__(self, status: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.hint = hint


class Connection:
    """Asks one server with one person's session."""

    def __init__(self, address: str, cookies: Mapping[str, str]) -> None:
        # The origin says that the request comes from the server's own page, as a browser's would.
        self._client = httpx.Client(
            base_url=address,
            cookies=dict(cookies),
            headers={"Origin": address, "User-Agent": "bursar-lab"},
            timeout=SECONDS_MAX,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        """Ask with a query; what is None or empty is left out. Raises Refused."""
        return self._ask(
            "GET", path, params={k: v for k, v in query.items() if v not in (None, [])}
        )

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Ask with a body; what is None is left out. Raises Refused."""
        return self._ask("POST", path, json={k: v for k, v in body.items() if v is not None})

    def _ask(self, method: str, path: str, **sent: Any) -> Any:
        if (method, path) not in READS:
            msg = f"the lab does not ask for {method} {path}"
            raise ValueError(msg)
        try:
            response = self._client.request(method, PREFIX + path, **sent)
        except httpx.HTTPError as error:
            raise Refused(
                0, "The server does not answer", "Reload the page in a moment."
            ) from error
        try:
            answer = response.json()
        except ValueError as error:
            raise Refused(response.status_code, "The server's answer is not readable") from error
        if response.is_error:
            raise Refused(response.status_code, answer.get("message", ""), answer.get("hint"))
        return answer


def connect() -> Connection:
    """Return the connection of whoever opened this page."""
    cookies = st.context.cookies
    session = {name: cookies[name] for name in SESSION_COOKIES if name in cookies}
    return Connection(st.secrets["bursar_address"], session)
