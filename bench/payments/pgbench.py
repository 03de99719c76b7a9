"""What PostgreSQL alone does with the same functions, measured by the pgbench of the same wheel.

The batch limit: one client, one prepared call after the other, each with 256 items made beforehand.
The one-at-a-time peer: 32 clients that call the single-item function, the best that a server which
posts each request by itself could reach.
"""

import asyncio
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from bench.payments.book import Book
from bench.payments.servers import Cluster
from bursar.runtime.embedded.postgresql import APPLICATION_ROLE, program_folder

BATCH = 256
BATCHES = 300
CLIENTS = 32
TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
ANSWER = """jsonb_build_object('id', k.id, 'status', 'succeeded', 'amount', '0.01', 'currency', 'USD',
    'authorized', '0.01', 'captured', '0.01', 'released', '0.00', 'on_hold', '0.00',
    'refunded', '0.00', 'disputed', '0.00', 'capture_method', 'automatic', 'method', 'balance',
    'payer_account_id', p.id, 'payee_account_id', m.id, 'payee_name', null, 'description', null,
    'reference', null, 'metadata', null, 'failure_code', null, 'expires_at', null,
    'created_at', now(), 'changed_at', now(), 'idempotency_key', k.id)"""
FACTS = """jsonb_build_array(jsonb_build_object('kind', 'payment.paid', 'object', k.id,
    'status', 'succeeded', 'amount', '0.01', 'currency', 'USD', 'payer_account_id', p.id,
    'payee_account_id', m.id))"""
COLUMNS = (
    ("workspace", "'{workspace}'::uuid"),
    ("operation", "'payments.initiate_payment'::text"),
    ("key", "k.id::text"),
    ("hash", "sha256(k.id::text::bytea)"),
    ("actor", "'token'::text"),
    ("person", "'{workspace}'::uuid"),
    ("credential", "'{workspace}'::uuid"),
    ("source", "'rest'::text"),
    ("request", "k.id::text"),
    ("id", "k.id"),
    ("kind", "'payment'::text"),
    ("origin", "'payment'::text"),
    ("payer", "p.id"),
    ("payee", "m.id"),
    ("currency", "'USD'::text"),
    ("exponent", "2::smallint"),
    ("units", "1::numeric"),
    ("amount", "0.01::numeric"),
    ("name", "null::text"),
    ("memo", "null::text"),
    ("reference", "null::text"),
    ("metadata", "null::jsonb"),
    ("facts", FACTS),
    ("answer", ANSWER),
)


async def prepare(servers: Cluster, book: Book) -> None:
    """Make the items of the batches, and the accounts by number."""
    connection: Any = await asyncpg.connect(servers.owner_url)
    try:
        for name, ids in (("bench_payer", book.customers), ("bench_payee", book.merchants)):
            await connection.execute(f"CREATE TABLE {name} (n int PRIMARY KEY, id uuid NOT NULL)")
            await connection.execute(
                f"INSERT INTO {name} SELECT n, id FROM unnest($1::uuid[]) WITH ORDINALITY x (id, n)",
                ids,
            )
        wanted = ", ".join(
            f"array_agg({text.replace('{workspace}', str(book.workspace_id))}) AS {name}"
            for name, text in COLUMNS
        )
        await connection.execute(
            f"CREATE TABLE bench_batch AS SELECT k.n, {wanted} FROM (SELECT b AS n, uuidv7() AS id,"
            f" 1 + (random() * {len(book.customers) - 1})::int AS payer,"
            f" 1 + (random() * {len(book.merchants) - 1})::int AS payee"
            f" FROM generate_series(1, {BATCHES}) b, generate_series(1, {BATCH})) k"
            " JOIN bench_payer p ON p.n = k.payer JOIN bench_payee m ON m.n = k.payee GROUP BY k.n"
        )
        await connection.execute("ALTER TABLE bench_batch ADD PRIMARY KEY (n)")
        await connection.execute(
            f"GRANT SELECT ON bench_batch, bench_payer, bench_payee TO {APPLICATION_ROLE}"
        )
        await connection.execute("ANALYZE bench_batch, bench_payer, bench_payee")
    finally:
        await connection.close()


class Limits:
    """Runs pgbench; batches are used up, so their numbers go on from run to run."""

    def __init__(self, servers: Cluster, book: Book) -> None:
        self._servers = servers
        self._used = 0
        self._folder = Path(tempfile.mkdtemp(prefix="bursar-pgbench-", dir=servers.home))
        names = ", ".join(f"b.{name}" for name, _ in COLUMNS)
        self._batch = (
            "\\set n :n + 1\n"
            "SELECT count(*) FROM bench_batch b,"
            f" LATERAL payments_post(now(), '', '', {names}) r WHERE b.n = :n;\n"
        )
        one = ", ".join(text.replace("{workspace}", str(book.workspace_id)) for _, text in COLUMNS)
        self._one = (
            f"\\set p random(1, {len(book.customers)})\n\\set m random(1, {len(book.merchants)})\n"
            "SELECT r.outcome FROM (SELECT uuidv7() AS id) k"
            " JOIN bench_payer p ON p.n = :p JOIN bench_payee m ON m.n = :m,"
            f" LATERAL payments_post_one(now(), '', '', {one}) r;\n"
        )

    def batched_per_second(self, calls: int) -> float:
        """Items a second of the set-based function, one client, `calls` calls."""
        assert self._used + calls <= BATCHES
        self._used += calls
        started = self._used - calls
        return BATCH * self._run(self._batch, "-c1", "-j1", f"-t{calls}", f"-Dn={started}")

    def single_per_second(self, seconds: int) -> float:
        """Items a second of the single-item function with 32 clients."""
        return self._run(self._one, f"-c{CLIENTS}", "-j1", f"-T{seconds}")

    def _run(self, script: str, *options: str) -> float:
        file = self._folder / "script.sql"
        file.write_text(script, encoding="utf-8")
        at = urlsplit(self._servers.application_url)
        done = subprocess.run(
            [
                *(str(program_folder() / "pgbench"), "-n", "-M", "prepared", "-f", str(file)),
                *(*options, "-h", "127.0.0.1", "-p", str(at.port), "-U", str(at.username)),
                at.path.lstrip("/"),
            ],
            env={**os.environ, "PGPASSWORD": at.password or ""},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        found = TPS.search(done.stdout)
        assert done.returncode == 0, done.stderr[-2000:]
        assert found is not None, done.stdout[-2000:]
        return float(found[1])


def limits(servers: Cluster, book: Book) -> Limits:
    """Return the runner, its data made."""
    asyncio.run(prepare(servers, book))
    return Limits(servers, book)
