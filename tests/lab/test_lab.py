"""The lab's pages by Streamlit's own test driver, against a live server with the demo."""

import asyncio
import http.client
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interfaces.live import Live, live_server
from tests.servers import SharedServers

streamlit = pytest.importorskip("streamlit", reason="the extra 'lab' is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BROWSER = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
LOADED = """
import sys, bursar.interfaces.rest.server as server
server.create()
print([name for name in ("streamlit", "altair", "pandas", "bursar.lab") if name in sys.modules])
"""
PAGES = ("Overview", "Performance", "Allocation", "What if", "Optimiser", "Opportunities")


@pytest.fixture(scope="module")
def server(
    shared_servers: SharedServers, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    database = asyncio.run(shared_servers.create_database(f"bursar_lab_{worker_id}"))
    home = tmp_path_factory.mktemp("lab")
    with live_server(database, shared_servers.redis_url(worker_id), home, demo=True) as running:
        yield running


@pytest.fixture(scope="module")
def cookie(server: Live) -> str:
    """The cookie of a browser that signed in with the link."""
    body = {"secret": server.link}
    found = server.send("POST", "/api/v1/auth/link", body, token=None, headers=BROWSER)
    assert found.status == 200
    return found.headers["set-cookie"].partition(";")[0]


@pytest.fixture
def lab(server: Live, cookie: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a way to open the lab as the owner."""
    from streamlit.testing.v1 import AppTest

    import bursar.lab
    from bursar.lab import connection

    name, _, secret = cookie.partition("=")
    monkeypatch.setattr(
        connection, "connect", lambda: connection.Connection(server.address, {name: secret})
    )
    script = Path(bursar.lab.__file__).with_name("main.py")

    def opened(page: str = "Overview") -> Any:
        app = AppTest.from_file(str(script), default_timeout=60).run()
        return app if page == "Overview" else app.radio(key="page").set_value(page).run()

    return opened


def text(app: Any) -> str:
    """Everything written, tables included."""
    parts = [each.value for kind in ("markdown", "caption", "info") for each in app.get(kind)]
    return "\n".join([*parts, *(each.value.to_csv() for each in app.dataframe)])


@pytest.mark.requirement("DASH.06", "ARCH.03")
@pytest.mark.parametrize("page", PAGES)
def test_every_page_renders_with_its_day(lab: Any, page: str) -> None:
    app = lab(page)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == page
    assert "As of 2022-12-28" in text(app)


@pytest.mark.requirement("DASH.06")
def test_money_is_shown_as_the_server_writes_it(lab: Any, server: Live) -> None:
    found = server.send("GET", "/api/v1/portfolio/summary").json()
    shown = text(lab())
    for name in ("net_worth", "cash", "total_gain"):
        assert f"**{found[name]['value']} {found[name]['currency']}**" in shown


@pytest.mark.requirement("DASH.06")
@pytest.mark.parametrize("page", ["Overview", "Performance", "Allocation"])
@pytest.mark.parametrize(
    ("key", "value"),
    [("asset_class", "stocks"), ("accounts", ["Brokerage"]), ("symbol", "KO"), ("start", "day"), ("end", "day")],
)  # fmt: skip
def test_each_filter_changes_the_charts_and_tables(
    lab: Any, page: str, key: str, value: Any
) -> None:
    import datetime as dt

    app = lab(page)

    def drawn() -> tuple[str, list[bytes]]:
        return text(app), [each.proto.SerializeToString() for each in app.get("vega_lite_chart")]

    before = drawn()
    kind = {"accounts": app.multiselect, "start": app.date_input, "end": app.date_input}
    control = kind.get(key, app.selectbox)(key=key)
    control.set_value(dt.date(2022, 3, 1) if value == "day" else value).run()
    assert not app.exception
    after = drawn()
    if (page, key) == ("Allocation", "start"):
        assert after == before  # shares are of one day
    else:
        assert after[0] != before[0] or after[1] != before[1]
        if before[1] and key != "start":
            assert after[1] != before[1]


@pytest.mark.requirement("DASH.07")
def test_sliders_change_the_scenario_and_write_nothing(lab: Any, server: Live) -> None:
    journal = server.send("GET", "/api/v1/events/history").json()
    app = lab("What if")
    before = text(app)
    app.slider(key="shock").set_value(-20).run()
    shocked = text(app)
    expected = server.send("POST", "/api/v1/portfolio/what-if", {"shock": "-0.20"}).json()
    assert f"**{expected['value_after']} USD**" in shocked
    assert f"**{expected['value_before']['value']} USD**" in shocked
    assert shocked != before
    app.number_input(key="contribution").set_value(5000.0).run()
    app.selectbox(key="method").set_value("hifo").run()
    assert "hifo" in "".join(each.value for each in app.subheader)
    app.toggle(key="weigh").set_value(True).run()
    app.slider(key="weight_stocks").set_value(100).run()
    assert "sum to" in app.warning[0].value
    app.slider(key="weight_cash").set_value(0).run()
    assert not app.warning
    assert not app.exception
    assert server.send("GET", "/api/v1/events/history").json() == journal


@pytest.mark.requirement("DASH.13")
def test_opportunities_show_rank_score_and_parts(lab: Any, server: Live) -> None:
    found = server.send("POST", "/api/v1/portfolio/scan", {"limit": 100}).json()
    app = lab("Opportunities")
    assert list(app.dataframe[0].value["name"]) == [row["name"] for row in found["rows"]]
    assert len(app.dataframe[1].value) == len(found["rows"][0]["parts"])
    app.slider(key="history").set_value(400).run()
    assert "No instrument passes" in app.info[0].value


@pytest.mark.requirement("DASH.06")
def test_an_ended_session_and_a_stopped_server_say_what_to_do(
    lab: Any, server: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bursar.lab import connection

    monkeypatch.setattr(connection, "connect", lambda: connection.Connection(server.address, {}))
    assert "Sign in again" in lab().warning[0].value
    monkeypatch.setattr(
        connection, "connect", lambda: connection.Connection("http://127.0.0.1:9", {})
    )
    assert "does not answer" in lab().error[0].value


@pytest.mark.requirement("ARCH.03")
def test_the_lab_asks_for_reads_only() -> None:
    from bursar.interfaces import catalogue
    from bursar.lab.connection import READS, Connection
    from bursar.runtime.registry import operations

    catalogue.load()
    writes = {(o.method, o.path): o.writes for o in operations().values()}
    assert all(writes[each] is False for each in READS)
    with (
        Connection("http://127.0.0.1:9", {}) as connection,
        pytest.raises(ValueError, match="does not ask"),
    ):
        connection.post("/payments", {})


@pytest.mark.requirement("ARCH.02", "ARCH.03")
def test_the_door_asks_for_a_session_and_keeps_its_policy(server: Live, cookie: str) -> None:
    html = {"Accept": "text/html"}
    away = server.send("GET", "/lab/?x=1", token=None, headers=html)
    assert (away.status, away.headers["location"]) == (303, "/sign-in/?next=%2Flab%2F%3Fx%3D1")
    assert server.send("GET", "/lab/_stcore/health", token=None).status == 401
    assert server.send("PUT", "/lab/_stcore/upload_file/a/b", token=None).status == 404
    assert server.send("GET", "/lab", token=None).headers["location"] == "/lab/"
    page = server.send("GET", "/lab/", token=None, headers=html | {"Cookie": cookie})
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-eval' 'sha256-" in policy
    assert "connect-src 'self';" in policy
    assert "http" not in policy


@pytest.mark.requirement("ARCH.02")
@pytest.mark.parametrize(
    ("origin", "signed_in", "status"),
    [("own", True, 101), ("own", False, 403), ("http://evil.example", True, 403), (None, True, 403)],
)  # fmt: skip
def test_the_websocket_opens_for_a_session_on_its_own_origin_alone(
    server: Live, cookie: str, origin: str | None, signed_in: bool, status: int
) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "streamlit",
    }
    if origin is not None:
        headers["Origin"] = server.address if origin == "own" else origin
    if signed_in:
        headers["Cookie"] = cookie
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", "/lab/_stcore/stream", headers=headers)
        assert connection.getresponse().status == status
    finally:
        connection.close()


@pytest.mark.requirement("ARCH.02")
def test_an_application_without_visitors_does_not_load_streamlit(server: Live) -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            LOADED,
        ],
        env=dict(server.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip().splitlines()[-1] == "[]"
