"""Ids: version 7, in the order of time, and never the same twice, not even in a forked process."""

import os
import uuid

import pytest

from bursar.core import ids
from bursar.core.ids import RANDOM_EACH, new_id, new_id_text


@pytest.mark.requirement("LEDGER.03")
def test_ids_are_version_7_and_text_is_the_same_form() -> None:
    made = [new_id() for _ in range(3 * RANDOM_EACH)]
    made += [uuid.UUID(text) for text in (new_id_text() for _ in range(RANDOM_EACH))]
    assert {(each.version, each.variant) for each in made} == {(7, uuid.RFC_4122)}
    assert len({each.int & 0x3FFF_FFFF_FFFF_FFFF for each in made}) == len(made)
    text = new_id_text()
    assert str(uuid.UUID(text)) == text


@pytest.mark.requirement("LEDGER.03")
def test_a_forked_process_starts_without_its_parents_random_numbers() -> None:
    new_id()
    assert ids._random
    child = os.fork()
    if child == 0:
        os._exit(len(ids._random) > 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
