"""The worker and the scheduler: Celery in front, the same application behind.

One event loop per process runs in a thread of its own; Celery's threads hand it coroutines. A job
(`interfaces/jobs.py`) never overlaps itself, and a failing one is logged and counted without
stopping the others. Beside Celery each worker sweeps for itself, so that effects go on without Redis.
"""

import asyncio
import threading
import uuid
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog
from celery.signals import worker_init, worker_ready
from prometheus_client import Counter
from redis import Redis

from bursar.interfaces import catalogue
from bursar.interfaces.application import Application, open_application
from bursar.interfaces.carrier import JOB, QUEUE, TASK, Carrier, celery_for
from bursar.interfaces.effect_runner import carry_out
from bursar.interfaces.job_lease import leased
from bursar.interfaces.jobs import FALLBACK_SECONDS, JOBS, run_job, sweep_overdue
from bursar.interfaces.logs import configure_logs
from bursar.interfaces.sealer import start_in_thread
from bursar.runtime.embedded.state import addresses
from bursar.settings import Settings

TASK_SECONDS_MAX = 600
RUNS = Counter("bursar_job_runs", "Runs of scheduled jobs by name and outcome.", ["job", "outcome"])
log = structlog.get_logger()


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

    def sweep_for_ever(self) -> None:
        """Carry out what nobody took in time, again and again; needs the database only."""
        asyncio.run_coroutine_threadsafe(self._sweep_for_ever(), self._loop)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FALLBACK_SECONDS)
            try:
                await self._run(sweep_overdue)
            except Exception:
                log.exception("overdue effects could not be swept")

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

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
    def seal(**_signal: Any) -> None:  # the scheduler loads this module, too, and seals nothing
        start_in_thread(settings)

    @app.task(name=TASK)  # type: ignore[untyped-decorator]
    def carry_out_effect(effect_id: str) -> None:
        loop.run(lambda application: carry_out(application, uuid.UUID(effect_id)))

    @app.task(name=JOB)  # type: ignore[untyped-decorator]
    def run_scheduled(name: str) -> None:
        with leased(locks, name) as ours:
            if not ours:
                RUNS.labels(name, "skipped").inc()
                return
            try:
                loop.run(lambda application: run_job(application, name))
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
        for job in JOBS.values()
    }
    # In the worker only: the scheduler loads this module, too.
    worker_init.connect(lambda **_facts: loop.sweep_for_ever(), weak=False)
    app.conf.beat_schedule_filename = str(settings.bursar_home / "run" / "schedule")
    return app
