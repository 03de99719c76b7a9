"""The journal's row as a document: who did what to which objects, and how it ended.

`bursar_record` (migration 0001) writes the row, the answer kept for replays and the effects from
this one document, so that they cost a write no round trip of their own.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, JsonValue

from bursar.runtime.actor import Actor, Source
from bursar.runtime.context import EffectRequest, Fact
from bursar.runtime.database import quoted

IDEMPOTENCY_DAYS = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal row before it is written."""

    at: dt.datetime
    actor: Actor
    source: Source
    operation: str
    request_id: str
    input_hash: bytes
    outcome: str
    error_code: str | None = None
    facts: Sequence[Fact] = ()
    effects: Sequence[EffectRequest] = ()
    idempotency_key: str | None = None
    answer_status: int = 0
    answer_body: JsonValue = None
    answer_kept_for_ever: bool = False

    def statement(self) -> str:
        """Return the SQL that records this entry, with its values quoted in."""
        return f"SELECT bursar_record({quoted(json.dumps(self._document()))}::jsonb)"

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "at": self.at.isoformat(),
            "workspace_id": _text(self.actor.workspace_id),
            "actor_kind": self.actor.kind.value,
            "user_id": _text(self.actor.user_id),
            "credential_id": _text(self.actor.credential_id),
            "source": self.source.value,
            "operation": self.operation,
            "outcome": self.outcome,
            "error_code": self.error_code,
            "input_hash": self.input_hash.hex(),
            # A fact's own name wins over a figure of that name: readers filter by it.
            "facts": [{**f.data, "kind": f.kind, "object": f.object_id} for f in self.facts],
            "request_id": self.request_id,
            "idempotency_key": self.idempotency_key,
            "effects": [
                {"id": str(e.id), "kind": e.kind, "payload": e.payload} for e in self.effects
            ],
        }
        if self.idempotency_key is not None and self.actor.workspace_id is not None:
            document["answer"] = {
                "status": self.answer_status,
                "body": self.answer_body,
                "expires_at": "infinity"
                if self.answer_kept_for_ever
                else (self.at + dt.timedelta(days=IDEMPOTENCY_DAYS)).isoformat(),
            }
        # PostgreSQL's jsonb has no NUL character; JSON text would carry it as an escape.
        return json.loads(json.dumps(document).replace("\\u0000", "\\ufffd"))  # type: ignore[no-any-return]


def hash_input(operation: str, body: BaseModel) -> bytes:
    """Return the SHA-256 of an operation's name and its canonical input; secrets stay masked."""
    return hashlib.sha256(f"{operation}\n{body.model_dump_json()}".encode()).digest()


def _text(value: uuid.UUID | None) -> str | None:
    return None if value is None else str(value)
