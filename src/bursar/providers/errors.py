"""The five ways a provider can fail, whichever company it is.

ProviderError
    Down          503  not reachable, or answering nonsense: a read may be tried again
    Throttled     429  too many calls: again after `retry_after_seconds`
    Rejected      422  the request itself is refused: trying again changes nothing
    NeedsLogin    401  the credentials are missing, wrong or expired
    Unknown       502  the outcome of a write is not known: reconcile, never repeat blindly
"""

from typing import ClassVar

from bursar.core.errors import BursarError


class ProviderError(BursarError):
    """A provider failed; `provider` names it in every rendering."""

    code = "provider_error"
    status = 502
    retry: ClassVar[bool] = False

    def __init__(
        self,
        provider: str,
        message: str,
        *,
        hint: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(
            f"{provider}: {message}",
            hint=hint,
            details={"provider": provider},
            retry_after_seconds=retry_after_seconds,
        )
        self.provider = provider


class Down(ProviderError):
    """The provider cannot be reached or answers nonsense."""

    code = "provider_down"
    status = 503
    retry = True


class Throttled(ProviderError):
    """The provider asks for fewer calls."""

    code = "provider_throttled"
    status = 429
    retry = True


class Rejected(ProviderError):
    """The provider refuses the request for good."""

    code = "provider_rejected"
    status = 422


class NeedsLogin(ProviderError):
    """The provider does not accept the credentials."""

    code = "provider_needs_login"
    status = 401


class Unknown(ProviderError):
    """Whether the provider carried the request out is not known."""

    code = "provider_outcome_unknown"
    status = 502
