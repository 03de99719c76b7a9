"""A dump restored into another cluster, whose transaction ids begin again: sealing goes on."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from bursar.audit.store import reading
from bursar.runtime.database import EVERY_WORKSPACE
from bursar.runtime.embedded.postgresql import program_folder
from tests.audit.build import Book
from tests.servers import RunningServers


def run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(program_folder() / program), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.requirement("AUDIT.02")
async def test_a_dump_in_another_cluster_is_sealed_on(book: Book, tmp_path: Path) -> None:
    async with book.superuser() as connection:  # so that the ids of the old cluster are ahead
        await connection.execute(
            "DO $$ BEGIN FOR n IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
        )
    await book.fill(3, 4)
    await book.append(2)
    dump = tmp_path / "bursar.dump"
    run("pg_dump", "--format=custom", f"--file={dump}", book.addresses.admin_url)
    elsewhere = await asyncio.to_thread(RunningServers)
    try:
        addresses = await elsewhere.shared.create_database("restored")
        run("pg_restore", f"--dbname={addresses.admin_url}", str(dump))
        shutil.copytree(book.home, tmp_path / "home elsewhere")
        restored = Book(addresses, tmp_path / "home elsewhere", workspace_id=book.workspace_id)
        restored.clock.advance(book.clock.now() - restored.clock.now())
        await restored.append(5)
        assert await restored.seal(7) == 7, "what the dump held unsealed, and what came since"
        await restored.append(1)
        assert await restored.seal(1, by=restored.another_sealer()) == 1
        [ahead, now] = await restored.fetch(
            "SELECT min(xid::text::bigint) AS xid FROM journal GROUP BY seq > 9 ORDER BY seq > 9"
        )
        assert ahead["xid"] > now["xid"], "else this proves nothing"
        verdict = await restored.check(anchors=book.anchors())
        assert (verdict.rows, verdict.checkpoints, verdict.fault) == (15, 4, None)
        async with restored.database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
            lag, held = await reading.state(transaction.session)
        assert (lag.total_seconds(), held.total_seconds() < 60) == (0, True)
        await restored.close()
    finally:
        elsewhere.stop()
