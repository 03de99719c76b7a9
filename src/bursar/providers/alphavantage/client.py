"""One GET against the query API, its many ways of saying no told apart."""

import re
from typing import Any

import httpx

from bursar.providers.errors import Down, NeedsLogin, Rejected, Throttled

NAME = "alphavantage"
TIMEOUT_SECONDS = 15.0
ANSWER_BYTES_MAX = 16 * 1024 * 1024
DAY_SECONDS = 24 * 3600
MINUTE_SECONDS = 60
HTTP_ERROR = 400
HTTP_UNAUTHORIZED = frozenset({401, 403})
HTTP_THROTTLED = 429
HTTP_SERVER_ERROR = 500


async def get(base_url: str, key: str, parameters: dict[str, str]) -> dict[str, Any]:
    """Return the answer as a document. Raises Down, Throttled, Rejected, NeedsLogin.

    AlphaVantage answers 200 to nearly everything and explains itself in Note, Information or
    "Error Message".
    """
    try:
        async with httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_SECONDS) as client:
            answer = await client.get("/query", params={**parameters, "apikey": key})
    except httpx.HTTPError as error:
        raise Down(NAME, f"cannot be reached ({type(error).__name__})") from None
    if answer.status_code == HTTP_THROTTLED:
        raise Throttled(NAME, "too many requests", retry_after_seconds=_retry_after(answer))
    if answer.status_code in HTTP_UNAUTHORIZED:
        raise NeedsLogin(NAME, "the key is refused", hint="Set ALPHAVANTAGE_API_KEY.")
    if answer.status_code >= HTTP_SERVER_ERROR:
        raise Down(NAME, f"answers {answer.status_code}")
    if answer.status_code >= HTTP_ERROR:
        raise Rejected(NAME, f"answers {answer.status_code}")
    if len(answer.content) > ANSWER_BYTES_MAX:
        raise Rejected(NAME, "the answer is too large")
    try:
        document = answer.json(parse_float=str)
    except ValueError:
        raise Down(NAME, "the answer is no JSON") from None
    if not isinstance(document, dict):
        raise Down(NAME, "the answer is no document")
    _refuse(document, key)
    return document


def _retry_after(answer: httpx.Response) -> int:
    text = answer.headers.get("Retry-After", "")
    return int(text) if text.isdigit() else MINUTE_SECONDS


def _refuse(document: dict[str, Any], key: str) -> None:
    """Raise what a message in the answer means; the key is kept out of every text."""
    if "Error Message" in document:
        raise Rejected(NAME, _safe(document["Error Message"], key))
    message = str(document.get("Note") or document.get("Information") or "")
    if not message:
        return
    lower = message.lower()
    if "premium" in lower and "rate limit" not in lower and "per day" not in lower:
        raise Rejected(NAME, _safe(message, key))
    if "rate limit" in lower or "call frequency" in lower or "per minute" in lower:
        wait = DAY_SECONDS if "per day" in lower and "per minute" not in lower else MINUTE_SECONDS
        raise Throttled(NAME, _safe(message, key), retry_after_seconds=wait)
    if "api key" in lower or "apikey" in lower:
        raise NeedsLogin(NAME, _safe(message, key), hint="Set ALPHAVANTAGE_API_KEY.")
    raise Rejected(NAME, _safe(message, key))


def _safe(message: object, key: str) -> str:
    text = str(message)[:300]
    text = text.replace(key, "***") if key else text
    return re.sub(r"(?i)(api ?key as )\S+", r"\1***", text)
