"""Reads are tried again a bounded number of times, with growing, jittered delays; writes never."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bursar.providers.errors import Down, ProviderError, Throttled

TRIES_MAX = 3
FIRST_DELAY_SECONDS = 0.5
DELAY_SECONDS_MAX = 5.0

Value = TypeVar("Value")
Sleep = Callable[[float], Awaitable[None]]


async def read_with_retry(
    read: Callable[[], Awaitable[Value]], *, sleep: Sleep = asyncio.sleep
) -> Value:
    """Return what `read` returns, trying at most three times.

    A throttled read waits as long as the provider asks, up to 5 seconds; if it asks for longer the
    error is raised at once, so that another source can be asked. Raises ProviderError.
    """
    for number in range(1, TRIES_MAX + 1):
        try:
            return await read()
        except ProviderError as error:
            delay = _delay(error, number)
            if delay is None or number == TRIES_MAX:
                raise
            await sleep(delay)
    msg = "unreachable: the loop returns or raises"
    raise AssertionError(msg)


def _delay(error: ProviderError, number: int) -> float | None:
    """Return how long to wait before the next try, None when there shall be none."""
    if isinstance(error, Throttled):
        asked = float(error.retry_after_seconds or DELAY_SECONDS_MAX + 1)
        return asked if asked <= DELAY_SECONDS_MAX else None
    if not isinstance(error, Down):
        return None
    longest = min(FIRST_DELAY_SECONDS * 2 ** (number - 1), DELAY_SECONDS_MAX)
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
