"""The production application with a bearer token put on every request.

The conformance runner cannot send headers of its own. Everything else of a request, Host and
Origin above all, arrives as it was sent: a scenario tests them.
"""

import os

from starlette.types import ASGIApp, Receive, Scope, Send

from bursar.interfaces.rest.server import create as create_application

TOKEN_VARIABLE = "BURSAR_CONFORMANCE_TOKEN"


def create() -> ASGIApp:
    """Return the application; the environment names the token."""
    application = create_application()
    header = (b"authorization", f"Bearer {os.environ[TOKEN_VARIABLE]}".encode())

    async def with_token(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            sent = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
            scope = {**scope, "headers": [*sent, header]}
        await application(scope, receive, send)

    return with_token
