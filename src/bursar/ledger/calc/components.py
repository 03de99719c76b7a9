"""Things that are joined in pairs, as groups of everything that hangs together."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import TypeVar

Thing = TypeVar("Thing", bound=Hashable)


def components(wanted: Iterable[Thing], pairs: Iterable[tuple[Thing, Thing]]) -> list[set[Thing]]:
    """Return `wanted` and all that pairs join to it, as disjoint groups in the order of `wanted`."""
    neighbours: dict[Thing, set[Thing]] = defaultdict(set)
    for left, right in pairs:
        neighbours[left].add(right)
        neighbours[right].add(left)
    groups: list[set[Thing]] = []
    seen: set[Thing] = set()
    for start in wanted:
        if start in seen:
            continue
        group, waiting = {start}, [start]
        while waiting:
            new = neighbours[waiting.pop()] - group
            group |= new
            waiting.extend(new)
        seen |= group
        groups.append(group)
    return groups
