"""Celery carries effect ids from the process that committed them to a worker, and nothing more.

PostgreSQL holds the truth: a lost message costs time, not work, because the sweeper finds the row.
"""

import asyncio
import uuid
from collections.abc import Iterable
from typing import Any

import structlog

from bursar.core.errors import Unavailable

TASK = "bursar.carry_out"
JOB = "bursar.job"
QUEUE = "bursar"
log = structlog.get_logger()


class Carrier:
    """Hands effect ids to the workers; a failure is logged and left to the sweeper."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._celery: Any = None
        self._sending: set[asyncio.Task[None]] = set()

    def send(self, effects: Iterable[uuid.UUID]) -> None:
        """Send ids in the background; the answer to the caller does not wait for it."""
        ids = [str(effect_id) for effect_id in effects]
        if not ids:
            return
        task = asyncio.create_task(asyncio.to_thread(self._send, ids))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _send(self, ids: list[str]) -> None:
        try:
            for effect_id in ids:
                self._app().send_task(TASK, args=[effect_id], queue=QUEUE)
        except Exception:
            log.exception("effects could not be sent to the workers; the sweeper will find them")

    async def send_job(self, name: str) -> None:
        """Have a worker run a job now, unless it is running; raise Unavailable without Redis."""
        try:
            await asyncio.to_thread(self._app().send_task, JOB, args=[name], queue=QUEUE)
        except Exception as error:
            log.exception("a job could not be sent to the workers", job=name)
            raise Unavailable("the workers cannot be reached right now") from error

    def _app(self) -> Any:
        if self._celery is None:
            self._celery = celery_for(self._redis_url)
        return self._celery


def celery_for(redis_url: str) -> Any:
    """Return a Celery application on this broker."""
    from celery import Celery  # noqa: PLC0415 - heavy, loaded on first use

    celery = Celery("bursar", broker=redis_url)
    celery.conf.update(
        task_default_queue=QUEUE,
        task_acks_late=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # Redis comes back, however long it takes
        broker_transport_options={
            "visibility_timeout": 600,
            # A caller must not wait for a broker that is away: the sweeper needs none.
            "socket_connect_timeout": 2,
            "socket_timeout": 10,
        },
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.2},
        timezone="UTC",
        enable_utc=True,
    )
    return celery
