"""What the one door costs: `invoke` against the bare function plus its query, on one PostgreSQL.

A read is authorised, validated and (for an agent) journaled; a write is journaled with its effects
in the same transaction. Round trips are counted by the driver, so that figure has no noise.

    python -m bench.invoke
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench.row import Row, show
from bursar.core.clock import SystemClock
from bursar.identity.operations.bootstrap import ensure_owner
from bursar.interfaces.application import Application, open_application
from bursar.interfaces.invoke import Call, invoke
from bursar.ledger.models import AccountReference
from bursar.runtime.actor import Source, system_actor
from bursar.runtime.context import Context
from bursar.runtime.database import Database
from bursar.runtime.migrations.upgrade import migrate
from bursar.runtime.registry import operations
from bursar.settings import Environment, Settings
from tests.servers import RunningServers

CALLS = 400
ROUNDS = 7
ACCOUNT = {"name": "Bench", "kind": "checking", "currency": "USD"}


async def _seconds(run: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        await run()
    return (time.perf_counter() - started) / CALLS


async def _pairs(
    first: Callable[[], Awaitable[object]], second: Callable[[], Awaitable[object]]
) -> tuple[float, float]:
    """Medians of both, measured in turn so that the machine's drift hits both."""
    rows = [(await _seconds(first), await _seconds(second)) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in rows), statistics.median(b for _, b in rows)


class RoundTrips:
    """Counts what the driver sends."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.count = 0

    async def of(self, run: Callable[[], Awaitable[object]]) -> int:
        engine = self._database._engine  # noqa: SLF001 - a measurement looks inside
        async with engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
        logger = self._log
        driver.add_query_logger(logger)
        try:
            await run()
            self.count = 0
            await run()
            return self.count
        finally:
            driver.remove_query_logger(logger)

    def _log(self, _record: object) -> None:
        self.count += 1


def _context(application: Application, session: Any, actor: Any) -> Context:
    return Context(
        session=session,
        actor=actor,
        clock=application.clock,
        settings=application.settings,
        request_id="bench",
        source=Source.MCP,
        cache=application.cache,
    )


async def _measure(servers: RunningServers, home: Path) -> list[Row]:
    made = await servers.shared.create_database("bench_invoke")
    from bursar.interfaces import catalogue  # noqa: PLC0415 - after the servers

    catalogue.load()
    await migrate(made.owner_url, urlsplit(made.application_url).username or "")
    settings = Settings(
        _env_file=None,
        environment=Environment.TEST,
        bursar_home=home,
        database_connections_max=1,
    )
    async with open_application(settings, made.application_url) as application:
        owner = await ensure_owner(
            application.database,
            settings,
            SystemClock(),
            workspace_name="Bench",
            base_currency="USD",
            username="owner",
        )
        token = owner.api_token.get_secret_value() if owner.api_token else ""
        actor = system_actor(owner.workspace_id)
        opened = await invoke(
            application, Call("ledger.open_account", ACCOUNT, Source.REST, credential=token)
        )
        account_id = opened.document()["id"]
        get, open_account = operations()["ledger.get_account"], operations()["ledger.open_account"]
        body = {"account_id": account_id}
        number = 0

        bare_engine = create_async_engine(
            made.application_url.replace("postgresql://", "postgresql+asyncpg://"),
            isolation_level="AUTOCOMMIT",
            connect_args={"server_settings": {"bursar.workspace_id": str(owner.workspace_id)}},
        )

        async def bare_read() -> object:
            # No transaction, no policy switch, no authentication: the function and its query.
            async with AsyncSession(bare_engine) as session:
                context = _context(application, session, actor)
                return await get.run(context, AccountReference.model_validate(body))

        async def journaled_read() -> object:
            return await invoke(
                application, Call("ledger.get_account", body, Source.MCP, credential=token)
            )

        async def plain_read() -> object:
            return await invoke(
                application, Call("ledger.get_account", body, Source.REST, credential=token)
            )

        def fresh() -> dict[str, str]:
            nonlocal number
            number += 1
            return {**ACCOUNT, "name": f"Bench {number}"}

        async def bare_write() -> object:
            async with application.database.transaction(owner.workspace_id) as transaction:
                context = _context(application, transaction.session, actor)
                return await open_account.run(
                    context, open_account.input_model.model_validate(fresh())
                )

        async def write() -> object:
            return await invoke(
                application, Call("ledger.open_account", fresh(), Source.REST, credential=token)
            )

        trips = RoundTrips(application.database)
        bare_trips, write_trips = await trips.of(bare_write), await trips.of(write)
        bare, journaled = await _pairs(bare_read, journaled_read)
        bare_again, plain = await _pairs(bare_read, plain_read)
        bare_writing, writing = await _pairs(bare_write, write)
        await bare_engine.dispose()
    return [
        Row("invoke of a journaled read / bare function plus its query", journaled / bare, 3.0),
        Row("invoke of a read / bare function plus its query", plain / bare_again, 3.0),
        Row("round trips that invoke adds to a write", float(write_trips - bare_trips), 1.0),
        Row("invoke of a write / bare write in a transaction", writing / bare_writing, None),
    ]


def run() -> list[Row]:
    """Measure on servers of its own."""
    servers = RunningServers()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(_measure(servers, Path(folder)))
    finally:
        servers.stop()


if __name__ == "__main__":
    show(run())
