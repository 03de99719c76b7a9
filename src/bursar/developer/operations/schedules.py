"""The jobs that run by themselves: when they ran, when they run next, run one now."""

import datetime as dt
import uuid

from bursar.core.errors import InvalidInput, NotFound
from bursar.core.model import Nothing
from bursar.developer import schedules as known
from bursar.developer import store, tables
from bursar.developer.errors import NoSuchJob
from bursar.developer.models.schedules import (
    JobName,
    JobRun,
    ListRuns,
    RunId,
    RunRequested,
    Schedule,
    Schedules,
)
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, decode_cursor, encode_cursor
from bursar.runtime.registry import operation


@operation(
    "developer.list_schedules",
    scope="developer:read",
    http="GET /schedules",
    command="jobs schedules",
)
async def list_schedules(context: Context, body: Nothing) -> Schedules:
    """List the jobs that run by themselves, with their last run and about when they run next."""
    del body
    listed = known.schedules()
    last = await store.last_runs(context.session, [each.name for each in listed])
    return Schedules(items=tuple(_schedule(each, last.get(each.name)) for each in listed))


@operation(
    "developer.run_schedule",
    scope="developer:write",
    http="POST /schedules/{job}/run",
    writes=True,
    status=202,
    command="jobs run",
    positional=("job",),
)
async def run_schedule(context: Context, body: JobName) -> RunRequested:
    """Run a scheduled job now; one that is running is not started a second time."""
    if body.job not in {each.name for each in known.schedules()}:
        raise NoSuchJob("there is no such job", field="job")
    effect_id = context.effect(known.RUN_JOB, {"job": body.job})
    context.fact("job.run_requested", body.job, effect_id=str(effect_id))
    return RunRequested(effect_id=effect_id)


@operation(
    "developer.list_job_runs",
    scope="developer:read",
    http="GET /job-runs",
    command="jobs runs",
)
async def list_job_runs(context: Context, body: ListRuns) -> Page[JobRun]:
    """List runs of scheduled jobs, newest first; they are kept for 30 days."""
    before = None
    if body.cursor is not None:
        try:
            before = uuid.UUID(str(decode_cursor(body.cursor, 1)[0]))
        except ValueError:
            raise InvalidInput("this cursor is not one of ours", field="cursor") from None
    rows = await store.runs_page(context.session, job=body.job, before=before, limit=body.limit + 1)
    shown = rows[: body.limit]
    next_cursor = encode_cursor([str(shown[-1].id)]) if len(rows) > body.limit else None
    return Page[JobRun](items=tuple(map(_run, shown)), next_cursor=next_cursor)


@operation(
    "developer.get_job_run",
    scope="developer:read",
    http="GET /job-runs/{run_id}",
    command="jobs show-run",
    positional=("run_id",),
)
async def get_job_run(context: Context, body: RunId) -> JobRun:
    """Show one run of a scheduled job."""
    row = await store.find_run(context.session, body.run_id)
    if row is None:
        raise NotFound("there is no run with this id", field="run_id")
    return _run(row)


def _schedule(known_job: known.Schedule, last: tables.JobRun | None) -> Schedule:
    every = dt.timedelta(seconds=known_job.every_seconds)
    return Schedule(
        job=known_job.name,
        text=known_job.text,
        every_seconds=known_job.every_seconds,
        last_state=last.state if last else None,
        last_started_at=last.started_at if last else None,
        last_finished_at=last.finished_at if last else None,
        next_at=last.started_at + every if last else None,
    )


def _run(row: tables.JobRun) -> JobRun:
    return JobRun(
        id=row.id,
        job=row.job,
        state=row.state,
        started_at=row.started_at,
        finished_at=row.finished_at,
        result=row.result,
        error_code=(row.error or {}).get("code"),
    )
