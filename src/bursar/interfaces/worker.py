"""The worker and the scheduler: Celery in front, the same application behind.

One event loop per process runs in a thread of its own; Celery's threads hand it coroutines. The
schedule is a table of names and intervals; a job never overlaps itself, and a failing job is
logged and counted without stopping the others.
"""

import asyncio
import threading
import uuid
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import structlog
from celery.signals import worker_ready
from prometheus_client import Counter
from redis import Redis

from bursar.core.errors import BursarError
from bursar.interfaces import catalogue
from bursar.interfaces.application import Application, open_application
from bursar.interfaces.carrier import JOB, QUEUE, TASK, Carrier, celery_for
from bursar.interfaces.effect_runner import carry_out, sweep
from bursar.interfaces.invoke import Call, invoke
from bursar.interfaces.job_lease import leased
from bursar.interfaces.logs import configure_logs
from bursar.payments.operations.captures import workspaces_due
from bursar.runtime.actor import Source, system_actor
from bursar.interfaces.sealer import start_in_thread
from bursar.runtime.cleanup import delete_expired
from bursar.runtime.embedded.state import addresses
from bursar.settings import Settings

TASK_SECONDS_MAX = 600
RUNS = Counter("bursar_job_runs", "Runs of scheduled jobs by name and outcome.", ["job", "outcome"])
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """Something done again and again."""

    name: str
    every_seconds: int
    run: Callable[[Application], Coroutine[Any, Any, object]]


async def _clean_up(application: Application) -> int:
    return await delete_expired(application.database, application.clock)


async def expire_late_payments(application: Application) -> int:
    """Release what payments hold beyond their time, one workspace after the other."""
    due = await workspaces_due(application.database, application.clock)
    for workspace_id in due:
        actor = system_actor(workspace_id)
        try:
            await invoke(application, Call("payments.expire_payments", {}, Source.JOB, actor=actor))
        except BursarError as refusal:  # already logged; the others must not wait for it
            log.warning("payments were not expired", code=refusal.code)
    return len(due)


JOBS = (
    Job("EffectSweepJob", 10, sweep),
    Job("PaymentExpiryJob", 60, expire_late_payments),
    Job("DataCleanupJob", 86_400, _clean_up),
)


class Loop:
    """One event loop in a thread, with the application opened on first use."""

    def __init__(self, settings: Settings, database_url: str, redis_url: str) -> None:
        self._settings = settings
        self._database_url = database_url
        self._redis_url = redis_url
        self._loop = asyncio.new_event_loop()
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._application: Application | None = None
        threading.Thread(target=self._loop.run_forever, name="bursar-loop", daemon=True).start()

    def run(self, work: Callable[[Application], Coroutine[Any, Any, Any]]) -> Any:
        """Run a coroutine on the loop and wait for its result."""
        future = asyncio.run_coroutine_threadsafe(self._run(work), self._loop)
        try:
            return future.result(timeout=TASK_SECONDS_MAX)
        except TimeoutError:
            future.cancel()  # else it would go on beside its next run
            raise

    async def _run(self, work: Callable[[Application], Coroutine[Any, Any, Any]]) -> Any:
        async with self._lock:
            if self._application is None:
                opening = open_application(self._settings, self._database_url)
                application = await self._stack.enter_async_context(opening)
                application.carrier = Carrier(self._redis_url)
                self._application = application
        return await work(self._application)


def create() -> Any:
    """Return the Celery application with its tasks and its schedule."""
    settings = Settings()
    configure_logs(settings)
    catalogue.load_effects()
    where = addresses(settings)
    loop = Loop(settings, where.database_url, where.redis_url)
    locks = Redis.from_url(where.redis_url)
    app = celery_for(where.redis_url)
    jobs = {job.name: job for job in JOBS}

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
    def seal(**_signal: Any) -> None:  # the scheduler loads this module, too, and seals nothing
        start_in_thread(settings)

    @app.task(name=TASK)  # type: ignore[untyped-decorator]
    def carry_out_effect(effect_id: str) -> None:
        loop.run(lambda application: carry_out(application, uuid.UUID(effect_id)))

    @app.task(name=JOB)  # type: ignore[untyped-decorator]
    def run_job(name: str) -> None:
        with leased(locks, name) as ours:
            if not ours:
                RUNS.labels(name, "skipped").inc()
                return
            try:
                loop.run(jobs[name].run)
                RUNS.labels(name, "done").inc()
            except Exception:
                RUNS.labels(name, "failed").inc()
                log.exception("job failed", job=name)

    app.conf.beat_schedule = {
        job.name: {
            "task": JOB,
            "schedule": job.every_seconds,
            "args": [job.name],
            "options": {"queue": QUEUE, "expires": job.every_seconds},
        }
        for job in JOBS
    }
    app.conf.beat_schedule_filename = str(settings.bursar_home / "run" / "schedule")
    return app
