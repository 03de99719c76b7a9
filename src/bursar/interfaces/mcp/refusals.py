"""Refusals as agents read them: the one error shape of every interface, in few bytes.

A model pays for each byte and reads the first ones best, so a refusal is cut to ERROR_BYTES_MAX:
first the longest list in its details, then the details, then the sentences.
"""

import json
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST

from bursar.core.errors import BursarError, InternalError, Unauthenticated, Unavailable

ERROR_BYTES_MAX = 400
SENTENCE_CHARACTERS_MIN = 40
HEADER = "Idempotency-Key"
KEY_FIELD = "idempotency_key"


def compact(document: Any) -> str:
    """Return JSON text without the spaces and escapes nobody needs."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def refusal(error: BursarError) -> dict[str, Any]:
    """Return an error's wire shape, small enough for a model to read whole."""
    body = error.as_json()
    if body.get("field") == HEADER:
        body["field"] = KEY_FIELD
        body["hint"] = f"Send {KEY_FIELD}, a text that is new for each new request."
    details = body["details"]
    if isinstance(details, dict):
        body["details"] = details = dict(details)
        for name in sorted(details, key=lambda name: -len(compact(details[name]))):
            rows = details[name]
            while isinstance(rows, list) and rows and _weight(body) > ERROR_BYTES_MAX:
                details[name] = rows = rows[:-1]
    if _weight(body) > ERROR_BYTES_MAX:
        body["details"] = None
    for part in ("hint", "message", "field"):
        while (
            _weight(body) > ERROR_BYTES_MAX and len(body.get(part) or "") > SENTENCE_CHARACTERS_MIN
        ):
            cut = max(SENTENCE_CHARACTERS_MIN, len(body[part]) * 3 // 4) - 1
            body[part] = body[part][:cut] + "…"
    return body


def _weight(body: dict[str, Any]) -> int:
    return len(compact(body).encode())


def protocol_error(error: BursarError, **facts: str) -> MCPError:
    """Return a refusal as a protocol error, for answers that cannot carry one otherwise."""
    code = INVALID_PARAMS
    if isinstance(error, InternalError | Unavailable):
        code = INTERNAL_ERROR
    elif isinstance(error, Unauthenticated):
        code = INVALID_REQUEST
    body = refusal(error)
    return MCPError(code=code, message=body["message"], data={**facts, **body})
