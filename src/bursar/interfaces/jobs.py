"""The scheduled jobs: a table of names, intervals and functions. A new job is a new row.

Celery beat sends a job's name when its time has come; the worker runs it under a lease and writes
the run down. `developer.run_schedule` sends the same name.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import JsonValue

from bursar.core.errors import BursarError, Unavailable
from bursar.developer import schedules
from bursar.developer.schedules import RUN_JOB, Schedule, recorded
from bursar.interfaces.application import Application
from bursar.interfaces.effect_runner import carry_out_all, sweep
from bursar.interfaces.invoke import Call, invoke
from bursar.payments.operations.captures import workspaces_due
from bursar.runtime import effects
from bursar.runtime.actor import Source, system_actor
from bursar.runtime.cleanup import delete_expired
from bursar.runtime.effects import EffectContext, effect

FALLBACK_SECONDS = 5.0
FALLBACK_OVERDUE_SECONDS = 5.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """Something done again and again; it returns what it did, in numbers."""

    name: str
    every_seconds: int
    text: str
    run: Callable[[Application], Coroutine[Any, Any, dict[str, JsonValue]]]


async def _sweep(application: Application) -> dict[str, JsonValue]:
    return {"effects": await sweep(application)}


async def _clean_up(application: Application) -> dict[str, JsonValue]:
    return {
        "idempotency_keys": await delete_expired(application.database, application.clock),
        "job_runs": await schedules.delete_old_runs(application.database, application.clock),
    }


async def expire_late_payments(application: Application) -> dict[str, JsonValue]:
    """Release what payments hold beyond their time, one workspace after the other."""
    due = await workspaces_due(application.database, application.clock)
    for workspace_id in due:
        actor = system_actor(workspace_id)
        try:
            await invoke(application, Call("payments.expire_payments", {}, Source.JOB, actor=actor))
        except BursarError as refusal:  # already logged; the others must not wait for it
            log.warning("payments were not expired", code=refusal.code)
    return {"workspaces": len(due)}


JOBS = {
    job.name: job
    for job in (
        Job("EffectSweepJob", 10, "Hands out work outside whose time has come.", _sweep),
        Job(
            "PaymentExpiryJob",
            60,
            "Releases holds of payments beyond their time.",
            expire_late_payments,
        ),
        Job("DataCleanupJob", 86_400, "Deletes expired keys and old runs of jobs.", _clean_up),
    )
}
for _job in JOBS.values():
    schedules.register(Schedule(_job.name, _job.every_seconds, _job.text))


async def run_job(application: Application, name: str) -> None:
    """Run a job and write the run down; what it raises is written down and raised again."""
    async with recorded(application.database, application.clock, name) as note:
        note(await JOBS[name].run(application))


@effect(RUN_JOB, repeatable=True)
async def hand_over(context: EffectContext, payload: dict[str, JsonValue]) -> None:
    """Hand a job to the workers, now; without them run it here."""
    application, name = context.host, str(payload["job"])
    if not isinstance(application, Application) or name not in JOBS:
        raise Unavailable(f"this process knows no job {name}")
    if application.carrier is None:
        await run_job(application, name)
    else:
        await application.carrier.send_job(name)


async def sweep_overdue(application: Application) -> int:
    """Carry out here what nobody took in time: with Redis away, that is all there is to do."""
    ids = await effects.due(
        application.database, application.clock, overdue_seconds=FALLBACK_OVERDUE_SECONDS
    )
    return await carry_out_all(application, ids)
