"""The sealer: every row once, in every weather."""

import asyncio
import contextlib
import os
import uuid

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from bursar.audit import signing_key
from bursar.audit.calc.checkpoints import INSTALLATION_LOG
from bursar.audit.errors import SigningKeyUnusable
from bursar.audit.sealing import ROWS_PER_PASS
from bursar.audit.store import reading
from bursar.core.errors import Unavailable
from bursar.runtime.database import EVERY_WORKSPACE
from bursar.settings import Settings
from tests.audit.build import APPEND, Book

pytestmark = pytest.mark.requirement("AUDIT.02")


async def unsealed(book: Book) -> int:
    [row] = await book.fetch(
        "SELECT count(*) FROM journal j WHERE NOT EXISTS (SELECT FROM journal_leaf l WHERE l.seq = j.seq)"
    )
    return int(row["count"])


async def test_a_sealed_journal_holds(book: Book) -> None:
    await book.fill(3, 1, 250)
    verdict = await book.check(anchors=book.anchors())
    assert verdict.fault is None
    assert (verdict.rows, verdict.checkpoints, verdict.anchors) == (254, 3, 3)
    assert await book.seal() == 0


async def test_rows_of_no_workspace_are_sealed_too(book: Book) -> None:
    await book.append(4, None)
    await book.append(2)
    assert await book.seal(6) == 6
    verdict = await book.check(INSTALLATION_LOG)
    assert (verdict.rows, verdict.holds) == (4, True)


async def test_a_row_that_commits_late_is_sealed_late_and_not_lost(book: Book) -> None:
    await book.fill(2)
    await book.append(1)
    async with book.superuser(triggers=True) as slow, book.superuser(triggers=True) as quick:
        opened = slow.transaction()
        await opened.start()
        await slow.execute(APPEND, book.clock.now(), book.workspace_id, 1)
        await quick.execute(APPEND, book.clock.now(), book.workspace_id, 3)
        # The quick rows wait: behind them a transaction is open whose row has a lower number.
        assert await book.seal(1) == 1
        await opened.commit()
    assert await book.seal(4) == 4
    assert (await book.check()).holds
    assert await unsealed(book) == 0


async def test_an_open_reader_holds_nothing_up(book: Book) -> None:
    await book.fill(1)
    async with book.superuser(triggers=True) as reader:
        await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await reader.fetch("SELECT count(*) FROM journal")
        await book.append(3)
        assert await book.seal(3) == 3


async def test_catching_up_takes_pages_and_what_commits_meanwhile(book: Book) -> None:
    await book.append(ROWS_PER_PASS + 7)
    async with book.superuser(triggers=True) as slow:
        opened = slow.transaction()
        await opened.start()
        await slow.execute(APPEND, book.clock.now(), book.workspace_id, 1)
        await book.append(2)
        assert await book.sealer.seal() == ROWS_PER_PASS
        await opened.commit()
    assert await book.seal(10) == 10
    verdict = await book.check()
    assert (verdict.rows, verdict.fault) == (ROWS_PER_PASS + 10, None)


async def test_a_sealer_killed_in_every_step_of_a_pass_goes_on(book: Book) -> None:
    """Its connection is cut again and again while rows come in; another sealer takes over."""
    stop = asyncio.Event()
    writers_done = asyncio.Event()

    async def write() -> None:
        for _ in range(60):
            await book.append(50)
        writers_done.set()

    async def kill() -> None:
        async with book.superuser() as connection:
            while not writers_done.is_set():
                await asyncio.sleep(0.01)
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = 'bursar_owner' AND datname = current_database()"
                )

    async def seal() -> None:
        sealer = book.another_sealer()
        while not stop.is_set():
            with contextlib.suppress(Unavailable, OSError, asyncpg.PostgresError, DBAPIError):
                await sealer.seal()
            await asyncio.sleep(0)

    sealing = [asyncio.create_task(seal()) for _ in range(2)]
    await asyncio.gather(write(), kill())
    stop.set()
    await asyncio.gather(*sealing)
    while await unsealed(book):
        await book.seal(by=book.another_sealer())
        await asyncio.sleep(0.01)
    verdict = await book.check()
    assert (verdict.rows, verdict.fault) == (3000, None)


async def test_one_sealer_works_at_a_time(book: Book) -> None:
    await book.append(3)
    async with book.superuser() as other:
        await other.execute("SELECT pg_advisory_lock(x'6275727365616c'::bigint)")
        assert await book.seal() == 0
    assert await book.seal(3) == 3


async def test_two_sealers_take_turns(book: Book) -> None:
    second = book.another_sealer()
    for number in range(6):
        await book.append(3)
        await book.append(1, uuid.UUID(int=7))
        assert await book.seal(4, by=second if number % 2 else book.sealer) == 4
    assert (await book.check()).holds
    assert (await book.check(uuid.UUID(int=7))).rows == 6


async def test_the_key_is_private_and_survives_a_restart(book: Book) -> None:
    await book.fill(1)
    file = book.home / "keys" / signing_key.FILE_NAME
    assert file.stat().st_mode & 0o777 == 0o600
    await book.append(1)
    await book.seal(1, by=book.another_sealer())
    assert len({each.key_id for each in await book.checkpoints()}) == 1


async def test_a_rotated_key_takes_over_and_the_old_one_stays_valid(book: Book) -> None:
    await book.fill(2)
    signing_key.rotate(book.settings, book.clock)  # never seen by a sealer: only a link
    old, new = signing_key.rotate(book.settings, book.clock)
    os.utime(book.home / "keys" / signing_key.FILE_NAME, ns=(1, 1))
    await book.fill(3)
    first, second = await book.checkpoints()
    assert (second.key_id, first.key_id) == (new, first.key_id)
    assert old not in (first.key_id, new)
    verdict = await book.check(anchors=book.anchors())
    assert verdict.fault is None
    assert verdict.keys == (first.key_id,), "whoever knows the first key can follow to the newest"


async def test_a_key_from_the_settings_signs(book: Book) -> None:
    await book.fill(1)
    book.settings = Settings(
        _env_file=None, bursar_home=book.home, journal_signing_key="ab" * 32, environment="test"
    )
    await book.append(1)
    await book.seal(1, by=book.another_sealer())
    first, second = await book.checkpoints()
    assert first.key_id != second.key_id
    verdict = await book.check()
    assert verdict.fault is None
    assert set(verdict.keys) == {first.key_id, second.key_id}, "nobody endorsed the second"
    with pytest.raises(SigningKeyUnusable):
        signing_key.rotate(book.settings, book.clock)


async def test_a_damaged_key_file_is_said(book: Book) -> None:
    (book.home / "keys" / signing_key.FILE_NAME).write_text("{}")
    await book.append(1)
    with pytest.raises(SigningKeyUnusable):
        await book.seal()


async def test_anchors_survive_a_line_cut_short_and_rotate(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await book.fill(1)
    file = book.home / "anchors" / "journal.jsonl"
    with file.open("ab") as stream:
        stream.write(b'{"checkpoint":2,"lo')
    await book.fill(1)
    assert [anchor.size for anchor in book.anchors()] == [1, 2]
    monkeypatch.setattr("bursar.audit.anchors.FILE_BYTES_MAX", 10)
    await book.fill(1)
    assert [anchor.size for anchor in book.anchors()] == [3]
    assert file.with_name("journal.jsonl.1").exists()


async def test_a_restored_cluster_is_sealed_on(book: Book) -> None:
    """A dump carries the old cluster's transaction ids; the new one counts from the beginning."""
    await book.fill(3)
    await book.append(2)
    # As after a restore: other cluster, ids far ahead of any that this one will reach soon.
    await book.execute("UPDATE journal_checkpoint SET cluster = 1, sealed_xid = '900000000000'")
    await book.append(2)
    restored = book.another_sealer()
    assert await book.seal(4, by=restored) == 4
    await book.append(5)
    assert await book.seal(5, by=restored) == 5
    await book.append(1)
    assert await book.seal(1, by=book.another_sealer()) == 1
    assert await unsealed(book) == 0
    verdict = await book.check()
    assert (verdict.rows, verdict.fault) == (13, None)


async def test_lag_and_horizon_are_measured(book: Book) -> None:
    async def state() -> tuple[float, float]:
        async with book.database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
            lag, horizon = await reading.state(transaction.session)
        return lag.total_seconds(), horizon.total_seconds()

    await book.fill(2)
    assert (await state())[0] == 0
    await book.append(1)
    assert (await state())[0] > 0
    await book.seal(1)
    async with book.superuser(triggers=True) as idle:
        opened = idle.transaction()
        await opened.start()
        await idle.execute("SELECT pg_current_xact_id()")
        await book.append(1)
        assert await book.seal() == 0
        assert (await state())[1] > 0
        await opened.rollback()
    assert await book.seal(1) == 1
    assert (await state())[0] == 0
