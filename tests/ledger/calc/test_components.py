"""Instruments that corporate actions join are derived together, and only those."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.ledger.calc.components import components

pytestmark = pytest.mark.requirement("LEDGER.01")
things = st.integers(0, 12)


@given(st.lists(things), st.lists(st.tuples(things, things)))
def test_groups_are_disjoint_closed_and_hold_all_that_is_wanted(
    wanted: list[int], pairs: list[tuple[int, int]]
) -> None:
    groups = components(wanted, pairs)
    everything = [each for group in groups for each in group]
    assert len(everything) == len(set(everything))
    assert set(wanted) <= set(everything)
    for left, right in pairs:
        for group in groups:
            assert (left in group) == (right in group)
    assert all(group & set(wanted) for group in groups)
