"""One run of a job at a time over all workers: a short lease in Redis, renewed while the job runs.

A killed worker holds up its job for seconds, not for as long as the longest run may take.
"""

import contextlib
import threading
from collections.abc import Iterator

import structlog
from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

LEASE_SECONDS = 15.0
RENEWALS_PER_LEASE = 3
log = structlog.get_logger()


@contextlib.contextmanager
def leased(redis: Redis, job: str, *, lease_seconds: float = LEASE_SECONDS) -> Iterator[bool]:
    """Hold the job's lease inside the block; yields False when another run holds it.

    Raises RedisError when Redis cannot be reached. A lease lost on the way (Redis restarted without
    it) is logged and does not stop the job: effects are claimed one by one, so two runs do no harm.
    """
    # The renewing thread shares the token, so it must not be kept per thread.
    lock = redis.lock(f"bursar:job:{job}", timeout=lease_seconds, thread_local=False)
    if not lock.acquire(blocking=False):
        yield False
        return
    done = threading.Event()
    renewing = threading.Thread(
        target=_renew, args=(lock, job, lease_seconds, done), name=f"lease-{job}", daemon=True
    )
    renewing.start()
    try:
        yield True
    finally:
        done.set()
        renewing.join()
        with contextlib.suppress(RedisError, LockError):
            lock.release()


def _renew(lock: Lock, job: str, lease_seconds: float, done: threading.Event) -> None:
    while not done.wait(lease_seconds / RENEWALS_PER_LEASE):
        try:
            lock.reacquire()
        except LockError:
            log.warning("the lease of a running job was lost", job=job)
            return
        except RedisError as error:
            log.warning("the lease of a running job was not renewed", job=job, error=str(error))
