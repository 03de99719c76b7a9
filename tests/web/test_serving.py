"""How built pages are served: names, caching, compression, policy, and no page before its time."""

import gzip
import json
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from bursar.core.errors import NotFound
from bursar.interfaces.web.files import BuiltPages
from bursar.interfaces.web.serving import WebPages, policy

SCRIPT = "sha256-0123456789="
FILES = {
    "index.html": "<!doctype html><title>Landing</title>",
    "404.html": "<!doctype html><title>Not found</title>",
    "overview/index.html": "<!doctype html><title>Overview</title>",
    "_next/static/chunk-abc.js": "let a = 1;" * 200,
}


@pytest.fixture
def pages(tmp_path: Path) -> WebPages:
    manifest = {}
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        facts = {"media_type": "text/javascript", "hash": f"h{len(text)}", "gzip": False}
        if name.endswith(".html"):
            facts |= {"media_type": "text/html; charset=utf-8", "scripts": [SCRIPT]}
        else:
            facts["gzip"] = True
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        manifest[name] = facts
    (tmp_path / "manifest.json").write_text(json.dumps({"files": manifest}))
    (tmp_path / "secret.txt").write_text("not in the manifest")
    return WebPages(BuiltPages(tmp_path), session_cookies=("bursar_session",))


def ask(
    pages: WebPages, path: str, method: str = "GET", query: str = "", **headers: str
) -> Response:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "headers": raw, "scheme": "http", "server": ("localhost", 80), "state": {},
    }  # fmt: skip
    return pages.answer(Request(scope))


@pytest.mark.requirement("WEB.01")
def test_a_page_is_asked_for_anew_and_a_hashed_file_is_kept(pages: WebPages) -> None:
    page = ask(pages, "/overview/")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-cache"
    again = ask(pages, "/overview/", if_none_match=page.headers["etag"])
    assert (again.status_code, again.body) == (304, b"")
    chunk = ask(pages, "/_next/static/chunk-abc.js", accept_encoding="gzip, br")
    assert "immutable" in chunk.headers["cache-control"]
    assert gzip.decompress(bytes(chunk.body)).decode() == FILES["_next/static/chunk-abc.js"]
    assert (
        ask(pages, "/_next/static/chunk-abc.js").body == FILES["_next/static/chunk-abc.js"].encode()
    )


@pytest.mark.requirement("SEC.01")
def test_a_page_states_a_policy_without_anything_inline(pages: WebPages) -> None:
    stated = ask(pages, "/").headers["content-security-policy"]
    assert stated == policy((SCRIPT,))
    assert f"script-src 'self' '{SCRIPT}';" in stated
    assert "unsafe-inline" not in stated
    assert "unsafe-eval" not in stated


def test_an_address_without_its_slash_leads_to_the_page(pages: WebPages) -> None:
    moved = ask(pages, "/overview", query="id=1")
    assert (moved.status_code, moved.headers["location"]) == (308, "/overview/?id=1")


@pytest.mark.requirement("WEB.05")
def test_the_landing_page_gives_way_to_the_overview_where_a_session_is(pages: WebPages) -> None:
    assert ask(pages, "/").status_code == 200
    moved = ask(pages, "/", cookie="bursar_session=x")
    assert (moved.status_code, moved.headers["location"]) == (302, "/overview/")


@pytest.mark.parametrize(
    "path", ["/secret.txt", "/../manifest.json", "/manifest.json", "/overview/../secret.txt", "/x"]
)
def test_what_the_manifest_does_not_name_is_not_there(pages: WebPages, path: str) -> None:
    with pytest.raises(NotFound):
        ask(pages, path)
    assert ask(pages, path, accept="text/html").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("POST", "/overview/"), ("GET", "/api/v1/none")])
def test_programs_get_the_one_error_shape(pages: WebPages, method: str, path: str) -> None:
    with pytest.raises(NotFound):
        ask(pages, path, method, accept="text/html")


@pytest.mark.requirement("WEB.03")
def test_without_a_build_a_plain_page_says_how_and_the_link_works(tmp_path: Path) -> None:
    bare = WebPages(BuiltPages(tmp_path))
    assert b"make web" in ask(bare, "/").body
    assert b"sign-in.js" in ask(bare, "/sign-in").body
    assert b"/api/v1/auth/link" in ask(bare, "/sign-in.js").body
    with pytest.raises(NotFound):
        ask(bare, "/overview/")
