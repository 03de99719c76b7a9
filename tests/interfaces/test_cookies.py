"""A browser's session: in a cookie no script can read, and of no use to another site."""

import pytest

from tests.interfaces.live import Live

BROWSER = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
ACCOUNT = {"name": "From a page", "kind": "savings", "currency": "USD"}


@pytest.mark.requirement("AUTH.01")
def test_a_browser_gets_a_cookie_that_another_site_cannot_use(demo: Live) -> None:
    opened = demo.send(
        "POST", "/api/v1/auth/link", {"secret": demo.link}, token=None, headers=BROWSER
    )
    assert opened.json()["token"] == ""
    cookie = opened.headers["set-cookie"]
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    held = {"Cookie": cookie.partition(";")[0]}

    def post(**headers: str) -> int:
        path = "/api/v1/accounts?dry_run=true"
        return demo.send("POST", path, ACCOUNT, token=None, headers={**held, **headers}).status

    me = demo.send("GET", "/api/v1/users/me", token=None, headers=held)
    assert me.json()["username"] == "owner"
    assert post(**BROWSER) == 200
    assert post(Origin=demo.address) == 200
    assert post(**{**BROWSER, "Sec-Fetch-Site": "cross-site"}) == 403
    assert post(**{**BROWSER, "Sec-Fetch-Site": "same-site"}) == 403
    assert post(Origin="https://elsewhere.example") == 403
    assert post() == 403

    ended = demo.send("POST", "/api/v1/auth/logout", {}, token=None, headers={**held, **BROWSER})
    assert ended.status == 200
    assert demo.send("GET", "/api/v1/users/me", token=None, headers=held).status == 401
