"""`bursar mcp`: the same server on standard input and output, under one token's rights.

It needs the databases that `bursar up` runs (or DATABASE_URL) and a token: BURSAR_TOKEN, or the
command line's own on the machine where Bursar was set up. Without a valid one it refuses to start.
"""

from bursar.core.errors import Unauthenticated
from bursar.interfaces.application import open_application
from bursar.interfaces.carrier import Carrier
from bursar.interfaces.logs import configure_logs
from bursar.interfaces.mcp.server import BursarServer
from bursar.interfaces.up import TOKEN
from bursar.runtime.embedded.state import addresses
from bursar.settings import Settings

HINT = "Set BURSAR_TOKEN to an API token; 'bursar token create' makes one."


async def run(settings: Settings) -> None:
    """Serve until standard input ends."""
    configure_logs(settings)
    credential = settings.bursar_token.get_secret_value()
    token_file = settings.bursar_home / "keys" / TOKEN
    if not credential and token_file.is_file():
        credential = token_file.read_text(encoding="utf-8").strip()
    if not credential:
        raise Unauthenticated("MCP needs a token", hint=HINT)
    where = addresses(settings)
    async with open_application(settings, where.database_url) as application:
        try:
            await application.authenticate(credential)
        except Unauthenticated as error:
            raise Unauthenticated(f"MCP needs a valid token: {error.message}", hint=HINT) from None
        application.carrier = Carrier(where.redis_url)
        server = BursarServer(settings, application=application, credential=credential)
        await server.run_stdio_async()
