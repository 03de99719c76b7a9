"""The embedded servers as parts: prepared, probed, and their addresses published when they answer."""

from bursar.interfaces.supervisor.parts import Part
from bursar.runtime.embedded import postgresql, redis
from bursar.runtime.embedded.home import HomeLock
from bursar.runtime.embedded.state import publish_servers
from bursar.settings import Settings


def server_parts(settings: Settings, lock: HomeLock) -> list[Part]:
    """Return the parts for the servers that the settings do not name: both, one or none."""
    parts = []
    if settings.database_url is None:
        parts.append(postgresql_part(lock))
    if settings.redis_url is None:
        parts.append(redis_part(lock))
    return parts


def postgresql_part(lock: HomeLock) -> Part:
    """Return the part that runs the embedded PostgreSQL."""
    server = postgresql.EmbeddedPostgresql(lock)

    def publish() -> None:
        publish_servers(
            lock.home,
            database_url=server.address.url(postgresql.APPLICATION_ROLE),
            database_owner_url=server.address.url(postgresql.OWNER_ROLE),
        )

    return Part(
        name="postgresql",
        prepare=server.prepare,
        ready=server.ready,
        on_ready=publish,
        clean_up=server.end_leftovers,
        stop_signal=postgresql.STOP_SIGNAL,
        stop_grace_seconds=postgresql.STOP_GRACE_SECONDS,
    )


def redis_part(lock: HomeLock) -> Part:
    """Return the part that runs the embedded Redis."""
    server = redis.EmbeddedRedis(lock)

    def publish() -> None:
        publish_servers(lock.home, redis_url=server.url)

    return Part(
        name="redis",
        prepare=server.prepare,
        ready=server.ready,
        on_ready=publish,
        clean_up=server.end_leftovers,
        stop_signal=redis.STOP_SIGNAL,
        stop_grace_seconds=redis.STOP_GRACE_SECONDS,
    )
