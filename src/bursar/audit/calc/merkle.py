"""Merkle trees of RFC 9162: append in batches, prove, verify; nothing is ever rebuilt.

A tree of n leaves is the perfect subtrees of n's binary digits. Level 0 are the leaves; node k of
level l stands for leaves k * 2**l up to the next one's first. It is final as soon as its last leaf
is there, so whoever appends that leaf can store it for good, and any proof is a look-up of some
2 * log2(n) final nodes.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

HASH_BYTES: Final = 32
LEAF_PREFIX: Final = b"\x00"
NODE_PREFIX: Final = b"\x01"
EMPTY_ROOT: Final = hashlib.sha256().digest()

_sha256 = hashlib.sha256


class Node(NamedTuple):
    """A perfect subtree: number `number` of `level`."""

    level: int
    number: int

    @property
    def last_leaf(self) -> int:
        """The leaf that completes it."""
        return ((self.number + 1) << self.level) - 1


class Span(NamedTuple):
    """Leaves from `start` up to, not including, `end`."""

    start: int
    end: int


def hash_leaf(content: bytes) -> bytes:
    """Return the hash of a leaf."""
    return _sha256(LEAF_PREFIX + content).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return _sha256(NODE_PREFIX + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The right edge of a tree: all that appending and the root need, at most 63 hashes.

    peaks[l] is the root of the perfect subtree of level l where bit l of `size` is set; elsewhere
    it means nothing.
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def extend(self, leaves: Sequence[bytes]) -> list[bytes]:
        """Append leaf hashes; return for each the nodes it completes, from level 1 up, joined."""
        start, completed = self.size, [b""] * len(leaves)
        level, nodes = 0, list(leaves)
        while nodes:
            if level == len(self.peaks):
                self.peaks.append(b"")
            first = start >> level
            if first & 1:
                first -= 1
                nodes.insert(0, self.peaks[level])
            lefts, rights = nodes[::2], nodes[1::2]
            parents = [
                _sha256(NODE_PREFIX + left + right).digest()
                for left, right in zip(lefts, rights, strict=False)
            ]
            if len(nodes) & 1:
                self.peaks[level] = nodes[-1]
            level += 1
            step, place = 1 << level, (((first >> 1) + 1) << level) - 1 - start
            for parent in parents:
                completed[place] += parent
                place += step
            nodes = parents
        self.size += len(leaves)
        return completed

    def root(self) -> bytes:
        """Return the tree's root."""
        root: bytes | None = None
        for level in range(self.size.bit_length()):
            if self.size >> level & 1:
                peak = self.peaks[level]
                root = peak if root is None else hash_node(peak, root)
        return EMPTY_ROOT if root is None else root


def frontier_nodes(size: int) -> list[Node]:
    """Return the perfect subtrees that a tree's right edge consists of, largest first."""
    return span_nodes(Span(0, size))


def frontier_of(size: int, known: Mapping[Node, bytes]) -> Frontier:
    """Return the frontier of a tree whose `frontier_nodes` are known. Raises KeyError without."""
    frontier = Frontier(size, [b""] * size.bit_length())
    for node in frontier_nodes(size):
        frontier.peaks[node.level] = known[node]
    return frontier


def span_nodes(span: Span) -> list[Node]:
    """Return the perfect subtrees that cover the span, left to right; its start must be aligned."""
    nodes, start = [], span.start
    while start < span.end:
        level = (span.end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def span_root(span: Span, known: Mapping[Node, bytes]) -> bytes:
    """Return the hash of a span from its nodes. Raises KeyError when one is unknown."""
    nodes = span_nodes(span)
    root = known[nodes[-1]]
    for node in reversed(nodes[:-1]):
        root = hash_node(known[node], root)
    return root


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Return what the inclusion proof of a leaf in a tree of `size` consists of, leaf's side first."""
    if not 0 <= index < size:
        msg = f"leaf {index} is not in a tree of {size}"
        raise ValueError(msg)
    spans: list[Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old_size: int, new_size: int) -> list[Span]:
    """Return what the proof consists of that a tree of `old_size` grew into one of `new_size`."""
    if not 0 < old_size <= new_size:
        msg = f"no tree of {old_size} grew into one of {new_size}"
        raise ValueError(msg)
    spans: list[Span] = []
    start, end, whole = 0, new_size, True
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start, whole = middle, False
    if not whole:
        spans.append(Span(start, end))
    return spans[::-1]


def nodes_of(spans: Iterable[Span]) -> list[Node]:
    """Return every node that a proof of these spans needs."""
    return [node for span in spans for node in span_nodes(span)]


def verify_inclusion(
    leaf: bytes, index: int, size: int, *, proof: Sequence[bytes], root: bytes
) -> bool:
    """Tell whether `proof` shows that `leaf` is leaf `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = hash_node(each, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = hash_node(found, each)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, *, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether `proof` shows that the new tree begins with the old (RFC 9162, 2.1.4.2)."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    number, last = old_size - 1, new_size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = hash_node(each, first), hash_node(each, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = hash_node(second, each)
        number, last = number >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
