"""Queries over effects and runs of jobs."""

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

from pydantic import JsonValue
from sqlalchemy import ColumnElement, delete, func, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.developer.tables import JobRun
from bursar.runtime.tables import Effect

PACKAGE = func.split_part(Effect.kind, ".", 1)
LAST_RUNS = text(
    """
    SELECT DISTINCT ON (job) job, id, state, started_at, finished_at FROM job_run
    WHERE job = ANY(:jobs) ORDER BY job, started_at DESC
    """
)


def seen(packages: Collection[str], known: Collection[str], *, admin: bool) -> ColumnElement[bool]:
    """Return the condition for effects an actor may see; those of no known package are admins'."""
    mine = PACKAGE.in_(sorted(packages))
    return or_(mine, PACKAGE.not_in(sorted(known))) if admin else mine


async def effects_page(
    session: AsyncSession,
    conditions: list[ColumnElement[bool]],
    *,
    before: tuple[dt.datetime, uuid.UUID] | None,
    limit: int,
) -> list[Effect]:
    """Return effects, newest first."""
    statement = select(Effect).where(*conditions)
    if before is not None:
        statement = statement.where(tuple_(Effect.created_at, Effect.id) < tuple_(*before))
    rows = await session.scalars(
        statement.order_by(Effect.created_at.desc(), Effect.id.desc()).limit(limit)
    )
    return list(rows)


async def find_effect(
    session: AsyncSession, conditions: list[ColumnElement[bool]], *, lock: bool = False
) -> Effect | None:
    """Return one effect, locked against workers when it is about to be changed."""
    statement = select(Effect).where(*conditions)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def start_run(
    session: AsyncSession, run_id: uuid.UUID, *, job: str, now: dt.datetime
) -> None:
    """Note a run that begins; what still seems to run of the same job was lost with its worker."""
    await session.execute(
        update(JobRun)
        .where(JobRun.job == job, JobRun.state == "running")
        .values(state="lost", finished_at=now)
    )
    session.add(JobRun(id=run_id, job=job, state="running", started_at=now))


async def end_run(
    session: AsyncSession,
    run_id: uuid.UUID,
    *,
    error: dict[str, JsonValue] | None,
    result: dict[str, JsonValue] | None,
    now: dt.datetime,
) -> None:
    """Note how a run ended."""
    await session.execute(
        update(JobRun)
        .where(JobRun.id == run_id)
        .values(
            state="done" if error is None else "failed",
            finished_at=now,
            error=error,
            result=result,
        )
    )


async def delete_runs(session: AsyncSession, before: dt.datetime) -> int:
    """Delete runs that began before a moment."""
    result = await session.execute(delete(JobRun).where(JobRun.started_at < before))
    return int(result.rowcount)  # type: ignore[attr-defined]


async def last_runs(session: AsyncSession, jobs: Collection[str]) -> dict[str, Any]:
    """Return the last run of each job, by its name."""
    rows = await session.execute(LAST_RUNS, {"jobs": sorted(jobs)})
    return {row.job: row for row in rows}


async def runs_page(
    session: AsyncSession, *, job: str | None, before: uuid.UUID | None, limit: int
) -> list[JobRun]:
    """Return runs, newest first: ids are in the order of time."""
    statement = select(JobRun)
    if job is not None:
        statement = statement.where(JobRun.job == job)
    if before is not None:
        statement = statement.where(JobRun.id < before)
    return list(await session.scalars(statement.order_by(JobRun.id.desc()).limit(limit)))


async def find_run(session: AsyncSession, run_id: uuid.UUID) -> JobRun | None:
    """Return one run."""
    return await session.get(JobRun, run_id)
