"""The sealer: every row once, in every weather."""

import pytest

from tests.audit.build import Book

pytestmark = pytest.mark.requirement("AUDIT.02")


async def test_a_sealed_journal_holds(book: Book) -> None:
    await book.fill(3, 1, 250)
    await book.append(4, None)
    assert await book.seal() == 4
    verdict = await book.check(anchors=book.anchors())
    assert verdict.fault is None
    assert (verdict.rows, verdict.checkpoints, verdict.anchors) == (254, 3, 3)
