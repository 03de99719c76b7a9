"""What must be true before the first request: schema migrated, an owner who can sign in, a demo.

`bursar up` runs this as a part that runs once, before the API starts. It is safe to run again and
safe to kill: each step is idempotent, and what is left half done is finished by the next start.
"""

import argparse
import asyncio
import json
from urllib.parse import urlsplit

from bursar.identity.operations.bootstrap import ensure_owner
from bursar.interfaces import catalogue
from bursar.interfaces.application import open_application
from bursar.interfaces.demo import seed_demo
from bursar.interfaces.logs import configure_logs
from bursar.interfaces.up import TOKEN, WELCOME
from bursar.runtime.embedded.home import Home, write_atomically
from bursar.runtime.embedded.state import addresses
from bursar.runtime.migrations.upgrade import migrate
from bursar.settings import Settings

OWNER = "owner"


async def prepare(settings: Settings, *, demo: bool) -> None:
    """Migrate, make the owner and the command line's token, and seed the demo when asked."""
    catalogue.load()
    home = Home(settings.bursar_home)
    home.create()
    where = addresses(settings)
    role = urlsplit(where.database_url).username or "bursar_app"
    await migrate(where.database_owner_url, role)
    async with open_application(settings, where.database_url) as application:
        token_file = home.keys / TOKEN
        kept = token_file.read_text(encoding="utf-8").strip() if token_file.is_file() else None
        made = await ensure_owner(
            application.database,
            settings,
            application.clock,
            workspace_name="Demo" if demo else "Home",
            base_currency="USD",
            username=OWNER,
            api_token=kept,
        )
        if made.api_token is not None:
            write_atomically(token_file, made.api_token.get_secret_value())
        link = made.sign_in_link.get_secret_value()
        welcome = {"sign_in_link": f"{settings.base_url}/sign-in#{link}", "as_of": None}
        if demo:
            welcome["as_of"] = await seed_demo(application, made.workspace_id)
        write_atomically(home.run / WELCOME, json.dumps(welcome))


def main() -> None:
    """Run from the supervisor: `python -m bursar.interfaces.prepare [--demo]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", action="store_true")
    arguments = parser.parse_args()
    settings = Settings()
    configure_logs(settings)
    asyncio.run(prepare(settings, demo=arguments.demo))


if __name__ == "__main__":
    main()
