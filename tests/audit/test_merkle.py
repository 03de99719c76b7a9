"""Trees against the recursive definitions of RFC 9162, for every size to 300 and random proofs."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.audit.calc.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    Node,
    consistency_spans,
    frontier_nodes,
    frontier_of,
    hash_leaf,
    inclusion_spans,
    nodes_of,
    span_root,
    verify_consistency,
    verify_inclusion,
)

pytestmark = pytest.mark.requirement("AUDIT.02")
SIZES = 300
LEAVES = [hash_leaf(str(number).encode()) for number in range(SIZES)]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH, as the RFC writes it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_consistency(m: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*naive_consistency(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_consistency(m - k, leaves[k:], False), naive_root(leaves[:k])]


def stored_nodes(completed: Sequence[bytes]) -> dict[Node, bytes]:
    """What the leaf table holds: each leaf, and the nodes it completes."""
    nodes = {Node(0, index): leaf for index, leaf in enumerate(LEAVES[: len(completed)])}
    for index, joined in enumerate(completed):
        for level in range(1, len(joined) // HASH_BYTES + 1):
            node = Node(level, index >> level)
            assert node.last_leaf == index
            nodes[node] = joined[(level - 1) * HASH_BYTES : level * HASH_BYTES]
    return nodes


NODES = stored_nodes(Frontier().extend(LEAVES))


def test_every_root_to_300_leaf_by_leaf_and_at_once() -> None:
    growing = Frontier()
    assert growing.root() == EMPTY_ROOT
    for size in range(1, SIZES + 1):
        growing.extend(LEAVES[size - 1 : size])
        at_once = Frontier()
        at_once.extend(LEAVES[:size])
        assert growing.root() == at_once.root() == naive_root(LEAVES[:size])
        assert frontier_of(size, NODES).root() == growing.root()
        assert len(frontier_nodes(size)) == size.bit_count()


@given(st.lists(st.integers(0, 40), max_size=12))
def test_any_batches_complete_the_same_nodes(batches: list[int]) -> None:
    frontier, completed = Frontier(), []
    for count in batches:
        taken = LEAVES[frontier.size : frontier.size + count]
        completed += frontier.extend(taken)
    assert stored_nodes(completed) == stored_nodes(Frontier().extend(LEAVES[: frontier.size]))
    assert frontier.root() == naive_root(LEAVES[: frontier.size])


def proof_of_inclusion(index: int, size: int) -> list[bytes]:
    spans = inclusion_spans(index, size)
    assert set(nodes_of(spans)) <= set(NODES)
    return [span_root(span, NODES) for span in spans]


def proof_of_consistency(old: int, new: int) -> list[bytes]:
    return [span_root(span, NODES) for span in consistency_spans(old, new)]


@pytest.mark.parametrize(
    "size", [*range(1, 34), 63, 64, 65, 127, 128, 129, 255, 256, 257, 299, 300]
)
def test_every_inclusion_proof_is_the_naive_one(size: int) -> None:
    root = naive_root(LEAVES[:size])
    for index in range(size):
        proof = proof_of_inclusion(index, size)
        assert proof == naive_path(index, LEAVES[:size])
        assert verify_inclusion(LEAVES[index], index, size, proof=proof, root=root)


@pytest.mark.parametrize("new", [*range(1, 34), 63, 64, 65, 128, 129, 256, 257, 300])
def test_every_consistency_proof_is_the_naive_one(new: int) -> None:
    root = naive_root(LEAVES[:new])
    for old in range(1, new + 1):
        proof = proof_of_consistency(old, new)
        assert proof == naive_consistency(old, LEAVES[:new])
        old_root = naive_root(LEAVES[:old])
        assert verify_consistency(old, old_root, new, new_root=root, proof=proof)


def flipped(data: bytes, bit: int) -> bytes:
    bit %= len(data) * 8
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(st.data())
def test_a_proof_with_one_flipped_bit_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, SIZES))
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 10_000))
    proof, root = proof_of_inclusion(index, size), naive_root(LEAVES[:size])
    place = data.draw(st.integers(0, len(proof) - 1))
    wrong = [flipped(each, bit) if n == place else each for n, each in enumerate(proof)]
    leaf = LEAVES[index]
    assert not verify_inclusion(leaf, index, size, proof=wrong, root=root)
    assert not verify_inclusion(flipped(leaf, bit), index, size, proof=proof, root=root)
    assert not verify_inclusion(leaf, index, size, proof=proof, root=flipped(root, bit))
    assert not verify_inclusion(leaf, index, size, proof=[*proof, root], root=root)
    assert not verify_inclusion(leaf, index, size, proof=proof[:-1], root=root)
    assert not verify_inclusion(leaf, (index + 1) % size, size, proof=proof, root=root)

    old = data.draw(st.integers(1, size - 1))
    grown, old_root = proof_of_consistency(old, size), naive_root(LEAVES[:old])
    place = data.draw(st.integers(0, len(grown) - 1))
    wrong = [flipped(each, bit) if n == place else each for n, each in enumerate(grown)]
    for proof, first, second in (
        (wrong, old_root, root),
        (grown, flipped(old_root, bit), root),
        (grown, old_root, flipped(root, bit)),
        (grown[:-1], old_root, root),
        ([*grown, root], old_root, root),
    ):
        assert not verify_consistency(old, first, size, new_root=second, proof=proof)


def test_what_lies_outside_the_tree_has_no_proof() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5)):
        with pytest.raises(ValueError, match="is not in a tree"):
            inclusion_spans(index, size)
    for old, new in ((0, 5), (6, 5)):
        with pytest.raises(ValueError, match="no tree of"):
            consistency_spans(old, new)
