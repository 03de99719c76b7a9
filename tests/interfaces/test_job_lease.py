"""A job never overlaps itself, and one whose worker was killed runs again within its lease."""

import time
import uuid

import pytest
from redis import Redis

from bursar.interfaces.job_lease import leased
from tests.servers import SharedServers

LEASE_SECONDS = 0.6
pytestmark = pytest.mark.requirement("CONF.02")


@pytest.fixture
def job() -> str:
    return f"job-{uuid.uuid4()}"


@pytest.fixture
def redis(shared_servers: SharedServers, worker_id: str) -> Redis:
    return Redis.from_url(shared_servers.redis_url(worker_id))


def test_a_job_longer_than_its_lease_does_not_overlap_itself(redis: Redis, job: str) -> None:
    with leased(redis, job, lease_seconds=LEASE_SECONDS) as first:
        assert first
        time.sleep(2 * LEASE_SECONDS)
        with leased(redis, job, lease_seconds=LEASE_SECONDS) as second:
            assert not second
    with leased(redis, job, lease_seconds=LEASE_SECONDS) as third:
        assert third


def test_a_lease_nobody_renews_runs_out(redis: Redis, job: str) -> None:
    redis.lock(f"bursar:job:{job}", timeout=LEASE_SECONDS).acquire(blocking=False)
    with leased(redis, job) as at_once:
        assert not at_once
    time.sleep(1.1 * LEASE_SECONDS)
    with leased(redis, job) as later:
        assert later


def test_a_lost_lease_does_not_end_the_job(redis: Redis, job: str) -> None:
    with leased(redis, job, lease_seconds=LEASE_SECONDS) as first:
        redis.delete(f"bursar:job:{job}")
        time.sleep(LEASE_SECONDS)
        assert first
