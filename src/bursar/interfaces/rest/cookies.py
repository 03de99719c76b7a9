"""Browsers hold a session in a cookie that scripts cannot read; nobody else gets one.

A request that changes something counts the cookie only when the browser itself says that it came
from this very origin (Fetch Metadata, W3C), or when its Origin header names this host.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from bursar.core.errors import Forbidden
from bursar.interfaces.invoke import Answer
from bursar.runtime.registry import Operation

NAME = "bursar_session"
SECURE_NAME = "__Host-bursar_session"
OPENS_SESSION = frozenset({"identity.sign_in", "identity.use_sign_in_link", "identity.register"})
ENDS_SESSION = frozenset({"identity.sign_out"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITE = frozenset({"same-origin", "none"})


def session_of(request: Request) -> str | None:
    """Return the session in the cookie; refuse one that another site made the browser send."""
    secret = request.cookies.get(SECURE_NAME) or request.cookies.get(NAME)
    if secret is None or request.method in SAFE_METHODS or from_own_page(request):
        return secret
    raise Forbidden(
        "this request came from another site",
        hint="Browsers change things from Bursar's own pages only; programs send a bearer token.",
    )


def from_own_page(request: Request) -> bool:
    """Tell whether a browser says that a page of this server made the request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in OWN_SITE
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


def is_browser(request: Request) -> bool:
    """Tell whether a browser sent the request; programs do not send Fetch Metadata."""
    return "sec-fetch-mode" in request.headers


def keep_session(request: Request, operation: Operation, answer: Answer) -> Answer | None:
    """Return the answer without its secret when the secret goes into a cookie instead."""
    if operation.name not in OPENS_SESSION or answer.model is None or not is_browser(request):
        return None
    return Answer(answer.status, answer.model.model_copy(update={"token": ""}))


def set_session(request: Request, response: Response, secret: str) -> None:
    """Put a session into the browser."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        SECURE_NAME if secure else NAME,
        secret,
        httponly=True,
        secure=secure,
        samesite="lax",
        path="/",
    )


def drop_session(response: Response) -> None:
    """Take the session out of the browser."""
    response.delete_cookie(NAME, path="/")
    response.delete_cookie(SECURE_NAME, path="/", secure=True, httponly=True)
