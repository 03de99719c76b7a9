"""One error tree, one shape on every interface: code, message, hint, field, details.

BursarError
    InvalidInput            422  a field's value cannot be accepted
    Unauthenticated         401  no credential, or one that is not valid
    Forbidden               403  the credential lacks the scope
    NotFound                404  unknown id; another workspace's id answers the same
    Conflict                409  the state of the object forbids the act
    KeyReused               422  an idempotency key came back with another body
    InFlight                409  the same idempotency key is being carried out now
    TooLarge                413  the payload exceeds a stated limit
    Refused                 400  a business rule says no (the default status)
    Unavailable             503  a part of the server is down or full; retry later
    OutcomeUnknown          503  nobody knows yet whether it was carried out outside
    InternalError           500  a defect; the text shows no internals

Domains subclass these in their `errors.py`. `code` is stable and is what clients match on.
"""

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from pydantic import JsonValue


class BursarError(Exception):
    """A refusal that a person or an agent can act on.

    `message` is one sentence for the user; `hint` says what to do; `field` names the input field
    (dotted path); `details` carries machine-readable numbers, never secrets. `leaves` writes what
    stands although the request is refused: it is given a context after the request's own work was
    undone. `replayed` marks the first answer of an earlier request with the same key.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    default_hint: ClassVar[str | None] = None
    # Whether a repeat with the same idempotency key gets this refusal again. What never began, or
    # may go better the next time, is not kept.
    is_result: ClassVar[bool] = True

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        field: str | None = None,
        details: dict[str, JsonValue] | None = None,
        retry_after_seconds: int | None = None,
        leaves: Callable[[Any], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint if hint is not None else self.default_hint
        self.field = field
        self.details = details
        self.retry_after_seconds = retry_after_seconds
        self.leaves = leaves
        self.replayed = False

    def as_json(self) -> dict[str, Any]:
        """Return the wire shape: code, message and details always; hint and field where they help."""
        body: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "details": self.details,
        }
        if self.hint is not None:
            body["hint"] = self.hint
        if self.field is not None:
            body["field"] = self.field
        if self.retry_after_seconds is not None:
            body["retry_after_seconds"] = self.retry_after_seconds
        return body


class Refused(BursarError):
    """A business rule says no."""


class InvalidInput(BursarError):
    """A field's value cannot be accepted."""

    code = "invalid_input"
    status = 422
    is_result = False


class Unauthenticated(BursarError):
    """No credential was given, or it is not valid."""

    code = "unauthenticated"
    status = 401
    is_result = False
    default_hint = "Send a valid token as 'Authorization: Bearer <token>'."


class Forbidden(BursarError):
    """The credential does not carry the scope this operation needs."""

    code = "forbidden"
    status = 403
    is_result = False


class NotFound(BursarError):
    """No such object in this workspace."""

    code = "not_found"
    status = 404


class Conflict(BursarError):
    """The object's present state forbids the act."""

    code = "conflict"
    status = 409


class KeyReused(BursarError):
    """The idempotency key was used before with another body."""

    code = "idempotency_key_reused"
    status = 422
    is_result = False
    default_hint = "Use a new key for a new request; repeat the old body to read its first answer."


class InFlight(BursarError):
    """A request with the same idempotency key is being carried out."""

    code = "idempotency_in_flight"
    status = 409
    is_result = False
    default_hint = "Wait a moment and send the same request again."


class TooLarge(BursarError):
    """The payload exceeds a stated limit."""

    code = "too_large"
    status = 413
    is_result = False


class Unavailable(BursarError):
    """A part of the server is down or full."""

    code = "unavailable"
    status = 503
    is_result = False
    default_hint = "Try again in a moment; 'bursar doctor' shows what is wrong."


class OutcomeUnknown(BursarError):
    """The provider may have acted, or not: the answer never came, or the worker died before it.

    A provider raises it for a request that was sent and not answered. It is looked up, not repeated.
    """

    code = "outcome_unknown"
    status = 503
    default_hint = "Look at the provider for the effect's id before anything is done again."


class InternalError(BursarError):
    """A defect in Bursar; the request id leads to the log line."""

    code = "internal_error"
    status = 500
    is_result = False
    default_hint = "Quote the request id when you report this."


def kept_refusal(status: int, body: dict[str, Any]) -> BursarError:
    """Return the refusal that an earlier request with the same key was answered with."""
    kind = type("KeptRefusal", (BursarError,), {"code": str(body["code"]), "status": status})
    error: BursarError = kind(
        str(body["message"]),
        hint=body.get("hint"),
        field=body.get("field"),
        details=body.get("details"),
    )
    error.replayed = True
    return error
