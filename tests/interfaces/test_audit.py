"""The sealed journal through the doors: REST, the command line, an export, a proof."""

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from bursar.audit.calc.merkle import hash_leaf, verify_consistency, verify_inclusion
from bursar.audit.sealing import Sealer
from bursar.core.clock import SystemClock
from bursar.runtime.database import Database
from bursar.settings import Settings
from tests.interfaces.live import Live


def seal(live: Live) -> None:
    """As the worker does; the live server of the tests has none."""

    async def run() -> None:
        database = Database(live.environment["DATABASE_OWNER_URL"], connections_max=1)
        settings = Settings(_env_file=None, bursar_home=live.home, environment="test")
        sealer = Sealer(database, settings, SystemClock())
        try:
            async with asyncio.timeout(30):
                newest = live.send("GET", "/api/v1/audit/journal?limit=1").json()["items"][0]["seq"]
                while True:
                    await sealer.seal()
                    row = live.send("GET", "/api/v1/audit/journal?limit=1").json()["items"][0]
                    if row["seq"] == newest and row["leaf_index"] is not None:
                        break
                    await asyncio.sleep(0.02)
            sealer.write_anchors()
        finally:
            await database.close()

    asyncio.run(run())


def open_account(live: Live, name: str) -> str:
    body = {"name": name, "kind": "checking", "currency": "USD"}
    headers = {"Idempotency-Key": name}
    reply = live.send("POST", "/api/v1/accounts", body, headers=headers)
    assert reply.status == 201, reply.body
    return str(reply.json()["id"])


@pytest.mark.requirement("AUDIT.01", "AUDIT.04")
def test_the_journal_is_searched_by_operation_object_actor_and_time(live: Live) -> None:
    account = open_account(live, "Searched")
    assert live.send("POST", "/api/v1/accounts", {"name": "x", "kind": "checking"}).status == 422
    path = "/api/v1/audit/journal"
    [row] = live.send("GET", f"{path}?object_id={account}").json()["items"]
    assert (row["operation"], row["outcome"], row["source"]) == (
        "ledger.open_account",
        "done",
        "rest",
    )
    refused = live.send("GET", f"{path}?operation=ledger.open_account&outcome=refused").json()
    assert refused["items"][0]["error_code"] == "invalid_input"
    mine = live.send("GET", f"{path}?actor_id={row['credential_id']}&limit=500").json()["items"]
    assert row["seq"] in [each["seq"] for each in mine]
    assert live.send("GET", f"{path}?to_at=2020-01-01T00:00:00Z").json()["items"] == []
    assert live.send("GET", f"{path}?to_at=2020-01-01T00:00:00").status == 422
    first = live.send("GET", f"{path}?limit=1").json()
    second = live.send("GET", f"{path}?limit=1&cursor={first['next_cursor']}").json()
    assert second["items"][0]["seq"] < first["items"][0]["seq"]
    assert live.send("GET", f"{path}?cursor=nonsense").status == 422


@pytest.mark.requirement("AUDIT.02")
def test_proofs_hold_for_whoever_kept_a_checkpoint(live: Live) -> None:
    for name in ("Proof one", "Proof two", "Proof three"):
        open_account(live, name)
        seal(live)
    rows = live.send("GET", "/api/v1/audit/journal?limit=3").json()["items"]
    proof = live.send("GET", f"/api/v1/audit/proofs/inclusion/{rows[-1]['seq']}").json()
    head = proof["checkpoint"]
    leaf = hash_leaf(proof["row"].encode())
    hashes = [bytes.fromhex(each) for each in proof["hashes"]]
    assert leaf.hex() == proof["leaf_hash"]
    assert json.loads(proof["row"])["seq"] == rows[-1]["seq"]
    assert verify_inclusion(
        leaf, proof["leaf_index"], head["size"], proof=hashes, root=bytes.fromhex(head["root"])
    )
    listed = live.send("GET", "/api/v1/audit/checkpoints?limit=500").json()["items"]
    first = listed[0]
    grown = live.send("GET", f"/api/v1/audit/proofs/consistency/{first['size']}").json()
    assert verify_consistency(
        first["size"],
        bytes.fromhex(first["root"]),
        grown["later"]["size"],
        new_root=bytes.fromhex(grown["later"]["root"]),
        proof=[bytes.fromhex(each) for each in grown["hashes"]],
    )
    for path in ("inclusion/999999", "consistency/999999", "inclusion/1?size=999999"):
        assert live.send("GET", f"/api/v1/audit/proofs/{path}").status == 404
    for path in ("inclusion/0", f"inclusion/{2**70}", f"consistency/{2**70}"):
        assert live.send("GET", f"/api/v1/audit/proofs/{path}").status in (404, 422)


@pytest.mark.requirement("AUDIT.02", "AUDIT.04")
def test_an_export_verifies_offline_and_a_changed_one_does_not(live: Live, tmp_path: Path) -> None:
    open_account(live, "Exported")
    seal(live)
    file = tmp_path / "journal.jsonl"
    exported = live.bursar("audit", "export", "-o", str(file))
    assert exported.returncode == 0, exported.stderr
    assert live.bursar("audit", "export").stdout.encode() == file.read_bytes()
    anchors = ("--anchors", str(live.home / "anchors" / "journal.jsonl"))
    whole = live.bursar("audit", "verify", str(file), *anchors, "--json")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    [found] = json.loads(whole.stdout)["logs"]
    assert found["holds"] is True
    assert found["anchors"] >= 1
    content = file.read_bytes()
    file.write_bytes(
        content.replace(b'"Exported"', b'"exported"', 1).replace(b'"done"', b'"gone"', 1)
    )
    broken = live.bursar("audit", "verify", str(file))
    assert broken.returncode == 1
    assert "BROKEN at index 0" in broken.stdout
    trusted = live.bursar("audit", "verify", str(file), "--trust", "0123456789abcdef")
    assert (trusted.returncode, "untrusted key" in trusted.stderr) == (1, True)
    missing = live.bursar("audit", "verify", str(tmp_path / "none"))
    assert (missing.returncode, "No such file" in missing.stderr) == (1, True)


@pytest.mark.requirement("AUDIT.02")
def test_the_live_check_names_the_bad_row(live: Live, shared_servers: object) -> None:
    open_account(live, "Checked")
    refused = live.send("POST", "/api/v1/auth/link", {"secret": "no"}, token=None)
    assert refused.status >= 400
    seal(live)
    checked = live.bursar("audit", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "00000000-0000-0000-0000-000000000000: whole" in checked.stdout
    assert live.send("GET", "/api/v1/audit/check").json()["holds"] is True
    name = live.environment["DATABASE_URL"].rpartition("/")[2]
    address = shared_servers.database(name).admin_url  # type: ignore[attr-defined]
    change = (
        "SET session_replication_role = replica;"
        "UPDATE journal SET outcome = {} WHERE seq = (SELECT seq FROM journal_leaf"
        " WHERE index = 1 AND log_id <> '00000000-0000-0000-0000-000000000000' LIMIT 1)"
    )

    async def superuser(outcome: str) -> None:
        connection = await asyncpg.connect(address)
        await connection.execute(change.format(outcome))
        await connection.close()

    asyncio.run(superuser("'forged'"))
    try:
        broken = live.bursar("audit", "check", "--json")
        assert broken.returncode == 1
        bad = [log for log in json.loads(broken.stdout)["logs"] if not log["holds"]]
        assert [log["bad_index"] for log in bad] == [1]
        assert live.send("GET", "/api/v1/audit/check").json()["bad_index"] == 1
    finally:
        asyncio.run(superuser("'done'"))
    assert live.bursar("audit", "check").returncode == 0


@pytest.mark.requirement("AUDIT.02")
def test_the_key_is_rotated_from_the_command_line(live: Live) -> None:
    open_account(live, "Before rotation")
    seal(live)
    before = live.send("GET", "/api/v1/audit/keys").json()["items"]
    assert live.bursar("audit", "rotate-key").returncode == 0
    open_account(live, "After rotation")
    seal(live)
    after = live.send("GET", "/api/v1/audit/keys").json()["items"]
    assert after[: len(before)] == before
    assert after[-1]["previous_key_id"] == before[-1]["key_id"]
    assert live.send("GET", "/api/v1/audit/check").json()["holds"] is True


def test_the_gauges_are_scraped(live: Live) -> None:
    text = live.send("GET", "/metrics").body.decode()
    assert "bursar_journal_seal_lag_seconds" in text
    assert "bursar_journal_horizon_age_seconds" in text
