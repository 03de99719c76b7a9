"""A bounded in-process cache for values that carry their own proof of freshness.

Nothing here expires by time. A caller stores what it derived together with the database snapshot
it was derived from, and asks the database what changed since; so two processes never disagree.
"""

from collections import OrderedDict
from typing import Any

ENTRIES_MAX = 256


class Cache:
    """Least-recently-used map of (kind, key) to a derived value."""

    def __init__(self, entries_max: int = ENTRIES_MAX) -> None:
        self._entries: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._entries_max = entries_max

    def get(self, *key: object) -> Any:
        """Return the value under `key` or None."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, *key: object, value: Any) -> None:
        """Store `value`, dropping the least recently used entry over the limit."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        while len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def drop(self, *key: object) -> None:
        """Forget the value under `key`, if any."""
        self._entries.pop(key, None)
