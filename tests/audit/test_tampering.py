"""What a superuser with triggers off does to the journal is found, and the first bad index named."""

import uuid

import asyncpg
import pytest

from bursar.audit.calc.checkpoints import Checkpoint
from bursar.audit.calc.merkle import Frontier, hash_leaf
from bursar.audit.checking import unknown_anchors
from bursar.audit.errors import JournalTampered
from tests.audit.build import Book

pytestmark = pytest.mark.requirement("AUDIT.02")
BATCHES = (5, 5, 5)
ROWS = sum(BATCHES)


async def seq_of(book: Book, index: int) -> int:
    [row] = await book.fetch(
        "SELECT seq FROM journal_leaf WHERE log_id = $1 AND index = $2", book.workspace_id, index
    )
    return int(row["seq"])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "at + interval '1 microsecond'"),
        ("actor_kind", "'system'"),
        ("user_id", "NULL"),
        ("credential_id", "gen_random_uuid()"),
        ("source", "'cli'"),
        ("operation", "operation || ' '"),
        ("outcome", "'refused'"),
        ("error_code", "'x'"),
        ("input_hash", "sha256('y')"),
        ("facts", """replace(facts::text, '1.10', '1.100')::jsonb"""),
        ("request_id", "upper(request_id)"),
        ("idempotency_key", "''"),
        ("xid", "'7'::xid8"),
        ("workspace_id", "gen_random_uuid()"),
    ],
)
async def test_an_edited_column_is_found(book: Book, column: str, value: str) -> None:
    await book.fill(*BATCHES)
    seq = await seq_of(book, 7)
    await book.execute(f"UPDATE journal SET {column} = {value} WHERE seq = $1", seq)
    fault = (await book.check()).fault
    assert fault is not None
    assert fault.index == 7
    assert "not what was sealed" in fault.reason


async def test_a_deleted_row_is_found(book: Book) -> None:
    await book.fill(*BATCHES)
    await book.execute("DELETE FROM journal WHERE seq = $1", await seq_of(book, 9))
    fault = (await book.check()).fault
    assert fault is not None
    assert (fault.index, "deleted" in fault.reason) == (9, True)


async def test_a_row_deleted_with_its_leaf_is_found(book: Book) -> None:
    await book.fill(*BATCHES)
    seq = await seq_of(book, 9)
    await book.execute("DELETE FROM journal WHERE seq = $1", seq)
    await book.execute("DELETE FROM journal_leaf WHERE seq = $1", seq)
    fault = (await book.check()).fault
    assert fault is not None
    assert (fault.index, "row 9 is missing" in fault.reason) == (9, True)


async def test_two_swapped_rows_are_found(book: Book) -> None:
    await book.fill(*BATCHES)
    first, second = await seq_of(book, 3), await seq_of(book, 11)
    await book.execute(
        """
        UPDATE journal j SET facts = o.facts, request_id = o.request_id, user_id = o.user_id
        FROM journal o WHERE j.seq = ANY ($1) AND o.seq = ANY ($1) AND o.seq <> j.seq
        """,
        [first, second],
    )
    fault = (await book.check()).fault
    assert fault is not None
    assert fault.index == 3


async def test_two_leaves_swapped_with_their_rows_are_found(book: Book) -> None:
    await book.fill(*BATCHES)
    await book.execute("UPDATE journal_leaf SET index = index + 100 WHERE index IN (6, 8)")
    await book.execute("UPDATE journal_leaf SET index = 114 - index WHERE index IN (106, 108)")
    fault = (await book.check()).fault
    assert fault is not None
    # Row and hash belong together, so the tree tells: at a node of them, or at the next checkpoint.
    assert fault.index == 7 or (fault.index, fault.index_end) == (5, 10)


async def test_a_row_slipped_in_behind_the_sealer_is_found(book: Book) -> None:
    await book.fill(*BATCHES)
    await book.execute(
        """
        INSERT INTO journal (seq, xid, at, workspace_id, actor_kind, source, operation, outcome,
                             input_hash, facts, request_id)
        OVERRIDING SYSTEM VALUE
        SELECT seq + 1000000, xid, at, workspace_id, actor_kind, source, operation, outcome,
               input_hash, facts, request_id FROM journal WHERE seq = $1
        """,
        await seq_of(book, 4),
    )
    assert await book.seal() == 0
    fault = (await book.check()).fault
    assert fault is None or "put there later" in fault.reason
    await book.fill(1)
    fault = (await book.check()).fault
    assert fault is not None
    assert "put there later" in fault.reason


async def rewrite(book: Book, *, from_index: int) -> None:
    """Edit a row, and rebuild leaf, tree nodes and roots as the sealer would; keys are out of reach."""
    seq = await seq_of(book, from_index)
    await book.execute("UPDATE journal SET outcome = 'refused' WHERE seq = $1", seq)
    async with book.superuser() as connection:
        from bursar.audit.row_text import ROW_TEXT

        rows = await connection.fetch(
            f"SELECT l.index, {ROW_TEXT} AS content FROM journal_leaf l JOIN journal j USING (seq)"
            " WHERE l.log_id = $1 ORDER BY l.index",
            book.workspace_id,
        )
        leaves = [hash_leaf(row["content"].encode()) for row in rows]
        subtrees = Frontier().extend(leaves)
        for index, (leaf, nodes) in enumerate(zip(leaves, subtrees, strict=True)):
            await connection.execute(
                "UPDATE journal_leaf SET hash = $3, subtrees = $4 WHERE log_id = $1 AND index = $2",
                book.workspace_id, index, leaf, nodes,
            )  # fmt: skip


async def test_a_history_rewritten_with_its_hashes_is_found(book: Book) -> None:
    await book.fill(*BATCHES)
    await rewrite(book, from_index=7)
    fault = (await book.check()).fault
    assert fault is not None
    assert (fault.index, fault.index_end) == (5, 10)
    assert "another history" in fault.reason


async def test_new_roots_without_the_key_are_found(book: Book) -> None:
    await book.fill(*BATCHES)
    await rewrite(book, from_index=7)
    async with book.superuser() as connection:
        leaves = [
            row["hash"] for row in await connection.fetch("SELECT hash FROM journal_leaf ORDER BY index")
        ]  # fmt: skip
        for size in (10, 15):
            frontier = Frontier()
            frontier.extend(leaves[:size])
            await connection.execute(
                "UPDATE journal_checkpoint SET root = $1 WHERE size = $2", frontier.root(), size
            )
    fault = (await book.check()).fault
    assert fault is not None
    assert "signature" in fault.reason
    assert (fault.index, fault.index_end) == (5, 10)


async def test_the_sealer_signs_no_tree_that_was_tampered_with(book: Book) -> None:
    await book.fill(*BATCHES)
    await book.execute("UPDATE journal_leaf SET hash = sha256('z') WHERE index = 14")
    await book.append(1)
    with pytest.raises(JournalTampered):
        await book.seal(1, by=book.another_sealer())


CUT = """
DELETE FROM journal WHERE seq IN (SELECT seq FROM journal_leaf WHERE index >= 10);
DELETE FROM journal_leaf WHERE index >= 10;
DELETE FROM journal_checkpoint WHERE size > 10;
"""


async def test_a_cut_tail_is_found_by_the_anchors_alone(book: Book) -> None:
    await book.fill(*BATCHES)
    await book.execute(CUT)
    assert (await book.check()).holds, "what is left is sound: nothing inside can tell"
    fault = (await book.check(anchors=book.anchors())).fault
    assert fault is not None
    assert fault.index == 10
    assert "tail was cut: 10 rows are there" in fault.reason


async def test_a_cut_tail_that_grew_again_is_found(book: Book) -> None:
    await book.fill(*BATCHES)
    before = book.anchors()
    await book.execute(CUT)
    await book.append(20)
    assert await book.seal(20, by=book.another_sealer()) == 20
    assert (await book.check()).holds
    fault = (await book.check(anchors=before)).fault
    assert fault is not None
    assert (fault.index, fault.index_end) == (10, 15)


async def test_rows_or_leaves_cut_without_the_checkpoints_are_found(book: Book) -> None:
    await book.fill(*BATCHES)
    await book.execute("DELETE FROM journal_leaf WHERE index >= 10")
    fault = (await book.check()).fault
    assert fault is not None
    assert fault.index == 10
    await book.execute("DELETE FROM journal_checkpoint WHERE size > 1 AND size < 15")
    fault = (await book.check()).fault
    assert fault is not None


async def test_a_removed_log_is_found_by_the_anchors(book: Book) -> None:
    await book.fill(5)
    [gone] = unknown_anchors(book.anchors(), [uuid.uuid4()])
    assert gone.fault is not None
    assert "had 5 rows" in gone.fault.reason
    assert unknown_anchors(book.anchors(), [book.workspace_id]) == []


async def test_another_key_signs_nothing(book: Book) -> None:
    await book.fill(5)
    [made] = await book.checkpoints()
    await book.execute("UPDATE journal_key SET public_key = sha256('k')")
    fault = (await book.check()).fault
    assert fault is not None
    assert made.key_id in fault.reason


@pytest.mark.parametrize("table", ["journal", "journal_leaf", "journal_checkpoint", "journal_key"])
async def test_nobody_but_a_superuser_changes_a_row(book: Book, table: str) -> None:
    await book.fill(2)
    for url in (book.addresses.application_url, book.addresses.owner_url):
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SET bursar.every_workspace = 'on'")
            for statement in (
                f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE",
                f"UPDATE {table} SET {'id' if table == 'journal_key' else 'xid' if table == 'journal' else 'log_id'} = DEFAULT",
            ):  # fmt: skip
                with pytest.raises(asyncpg.PostgresError) as refused:
                    await connection.execute(statement)
                assert refused.value.sqlstate in ("42501", "23001")
        finally:
            await connection.close()


async def test_the_application_writes_no_leaf_checkpoint_or_key(book: Book) -> None:
    connection = await asyncpg.connect(book.addresses.application_url)
    try:
        for table in ("journal_leaf", "journal_checkpoint", "journal_key"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"INSERT INTO {table} DEFAULT VALUES")
    finally:
        await connection.close()


async def test_a_checkpoint_of_another_log_is_refused(book: Book) -> None:
    await book.fill(5)
    other = uuid.uuid4()
    await book.append(5, other)
    await book.seal(5)
    await book.execute(
        "UPDATE journal_checkpoint c SET root = o.root, signature = o.signature, at = o.at"
        " FROM journal_checkpoint o WHERE c.log_id = $1 AND o.log_id = $2",
        book.workspace_id, other,
    )  # fmt: skip
    assert isinstance((await book.checkpoints())[0], Checkpoint)
    assert not (await book.check()).holds
    assert (await book.check(other)).holds
