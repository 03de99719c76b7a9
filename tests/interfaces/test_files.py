"""Files over the interfaces: upload, preview, import, import again, export; and the desktop script."""

import http.client
import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.interfaces.live import Live, Reply

STATEMENT = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20240131<LANGUAGE>ENG
<FI><ORG>Lantern Bank<FID>1</FI></SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1
<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>{account}
<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><DTSTART>20240101<DTEND>20240131
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20240105<TRNAMT>1200.00<FITID>a1<NAME>Pay</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240109<TRNAMT>-45.50<FITID>a2<NAME>Market</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1254.50<DTASOF>20240131</LEDGERBAL></STMTRS></STMTTRNRS>
</BANKMSGSRSV1></OFX>
"""


def statement() -> str:
    return STATEMENT.format(account=uuid.uuid4().int % 10**12)


def upload(live: Live, name: str, data: str, *, query: str = "") -> Reply:
    boundary = uuid.uuid4().hex
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n{data}\r\n--{boundary}--\r\n"
    ).encode()
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    headers = {
        "Authorization": f"Bearer {live.token}",
        "Content-Type": f"multipart/form-data; boundary={boundary}",
    }
    connection.request("POST", f"/api/v1/imports{query}", body, headers)
    response = connection.getresponse()
    reply = Reply(response.status, dict(response.getheaders()), response.read())
    connection.close()
    return reply


@pytest.mark.requirement("IMPORT.01")
def test_an_upload_is_previewed_imported_once_and_known_again(live: Live) -> None:
    data = statement()
    preview = upload(live, "january.ofx", data, query="?dry_run=true")
    assert preview.status == 200, preview.body
    first = upload(live, "january.ofx", data)
    again = upload(live, "january.ofx", data)
    assert (first.status, again.status) == (201, 201)
    assert preview.json()["added"] == first.json()["added"]
    assert again.json()["added"] == 0
    assert again.json()["duplicates"] == 2
    account = first.json()["accounts"][0]
    balances = live.send("GET", f"/api/v1/accounts/{account['account_id']}").json()["balances"]
    assert [(b["code"], b["amount"]) for b in balances] == [("USD", "1254.50")]


@pytest.mark.requirement("IMPORT.01", "API.01")
def test_a_damaged_upload_is_refused_whole_with_its_line(live: Live) -> None:
    damaged = statement().replace("<TRNAMT>-45.50", "<TRNAMT>many")
    reply = upload(live, "damaged.ofx", damaged)
    assert reply.status == 422
    problem = reply.json()["details"]["problems"][0]
    assert problem["line"] > 1
    assert problem["message"]
    partial = live.send(
        "POST", "/api/v1/imports", {"filename": "d.ofx", "content": damaged, "partial": True}
    )
    assert partial.status == 201
    assert partial.json()["refused"] == 1


def test_a_file_in_json_may_be_as_large_as_an_upload(live: Live) -> None:
    body = {"filename": "large.csv", "content": "Date,Amount\n" + "x" * 6_000_000}
    assert live.send("POST", "/api/v1/imports", body).status == 422
    note = {"name": "x" * 6_000_000, "kind": "checking", "currency": "USD"}
    assert live.send("POST", "/api/v1/accounts", note).status == 413


@pytest.mark.requirement("IMPORT.02", "CLI.09")
def test_the_command_line_imports_and_exports(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "bank.ofx"
    path.write_text(statement(), encoding="ascii")
    done = live.bursar("import", str(path), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["imports"][0]["added"] >= 2
    missing = live.bursar("import", str(tmp_path / "nowhere.ofx"))
    assert missing.returncode == 1
    assert "Traceback" not in missing.stderr
    for kind in ("json", "csv", "beancount"):
        target = tmp_path / f"book.{kind}"
        exported = live.bursar("export", kind, "--output", str(target))
        assert exported.returncode == 0, exported.stderr
        assert target.stat().st_size > 100


@pytest.mark.requirement("MCP.06")
def test_the_desktop_script_exercises_the_base_tools(demo: Live) -> None:
    script = Path(__file__).parents[2] / "deploy" / "claude-desktop" / "try_tools.py"
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**demo.environment, "BURSAR_TOKEN": demo.token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all tools answered" in done.stdout
