"""What runs again and again: the list of jobs, and a row for each run.

The interfaces register their jobs here and write the runs, so that every process can list them. A
run that its worker never finished is called lost when the next one starts.
"""

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import JsonValue

from bursar.core.clock import Clock
from bursar.core.ids import new_id
from bursar.developer import store
from bursar.runtime.database import EVERY_WORKSPACE, Database

RUNS_KEPT_DAYS = 30
RUN_JOB = "developer.run_job"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job's name, its interval, and what it does in one sentence."""

    name: str
    every_seconds: int
    text: str


_schedules: dict[str, Schedule] = {}


def register(schedule: Schedule) -> None:
    """Make a job known; the last registration of a name holds."""
    _schedules[schedule.name] = schedule


def schedules() -> list[Schedule]:
    """Return every known job, by name."""
    return [_schedules[name] for name in sorted(_schedules)]


@asynccontextmanager
async def recorded(
    database: Database, clock: Clock, job: str
) -> AsyncIterator[Callable[[dict[str, JsonValue]], None]]:
    """Write down that a job runs, and how it ended; yields a way to note its result."""
    run_id = new_id()
    result: dict[str, JsonValue] = {}
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        await store.start_run(transaction.session, run_id, job=job, now=clock.now())
    try:
        yield result.update
    except Exception as error:
        await _end(database, clock, run_id, error={"code": type(error).__name__})
        raise
    await _end(database, clock, run_id, result=result)


async def _end(
    database: Database,
    clock: Clock,
    run_id: uuid.UUID,
    *,
    error: dict[str, JsonValue] | None = None,
    result: dict[str, JsonValue] | None = None,
) -> None:
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        await store.end_run(
            transaction.session, run_id, error=error, result=result, now=clock.now()
        )


async def delete_old_runs(database: Database, clock: Clock) -> int:
    """Delete runs older than 30 days; return how many rows went."""
    before = clock.now() - dt.timedelta(days=RUNS_KEPT_DAYS)
    async with database.transaction(EVERY_WORKSPACE) as transaction:
        return await store.delete_runs(transaction.session, before)
