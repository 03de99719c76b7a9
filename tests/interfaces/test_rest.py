"""REST as a client meets it: one error shape, headers, limits, idempotency, dry run, sign-in."""

import json
import threading
import uuid

import pytest

from tests.interfaces.live import Live, Reply

ACCOUNT = {"name": "Everyday", "kind": "checking", "currency": "USD"}


@pytest.mark.requirement("MON.02", "ARCH.02")
def test_health_answers_without_a_credential(live: Live) -> None:
    reply = live.send("GET", "/health", token=None)
    assert reply.status == 200
    assert reply.json()["status"] == "healthy"
    assert set(reply.json()["checks"]) == {"database", "redis"}


@pytest.mark.requirement("MON.03")
def test_metrics_count_requests_by_route(live: Live) -> None:
    live.send("GET", "/api/v1/users/me")
    text = live.send("GET", "/metrics", token=None).body.decode()
    assert 'bursar_http_requests_total{method="GET",route="/api/v1/users/me",status="200"}' in text


@pytest.mark.requirement("API.04")
def test_openapi_lists_every_operation(live: Live) -> None:
    document = live.send("GET", "/openapi.json", token=None).json()
    assert document["openapi"].startswith("3.")
    assert "/api/v1/accounts" in document["paths"]
    page = live.send("GET", "/docs", token=None)
    assert b"swagger-ui" in page.body
    assert b"http://" not in page.body
    assert b"https://" not in page.body


@pytest.mark.requirement("SEC.01", "MON.08")
def test_every_answer_carries_its_id_and_the_security_headers(live: Live) -> None:
    reply = live.send("GET", "/nowhere", token=None, headers={"X-Request-Id": "abc-12345678"})
    assert reply.status == 404
    assert reply.headers["x-request-id"] == "abc-12345678"
    assert "default-src 'self'" in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert _shape(reply)["code"] == "not_found"


@pytest.mark.requirement("AUTH.02", "API.01")
@pytest.mark.parametrize("token", [None, "nonsense", "bur_live_AAAAAAAA_nonsense"])
def test_no_or_a_wrong_token_is_refused(live: Live, token: str | None) -> None:
    reply = live.send("GET", "/api/v1/users/me", token=token)
    assert reply.status == 401
    assert _shape(reply)["code"] == "unauthenticated"
    assert reply.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.requirement("API.01")
def test_bad_input_names_its_field(live: Live) -> None:
    reply = live.send("POST", "/api/v1/accounts", {**ACCOUNT, "kind": "spaceship"})
    assert reply.status == 422
    assert _shape(reply)["field"] == "kind"
    unknown = live.send("POST", "/api/v1/accounts", {**ACCOUNT, "colour": "red"})
    assert unknown.status == 422
    assert _shape(unknown)["field"] == "colour"
    broken = live.send("POST", "/api/v1/accounts", b"{")
    assert broken.status == 422
    assert _shape(broken)["message"] == "the body is not valid JSON"


def test_a_body_over_the_limit_is_refused_unread(live: Live) -> None:
    reply = live.send("POST", "/api/v1/accounts", b'{"name": "' + b"x" * 5_000_000 + b'"}')
    assert reply.status == 413
    assert _shape(reply)["code"] == "too_large"


@pytest.mark.requirement("LEDGER.03")
def test_a_key_returns_its_first_answer_and_refuses_another_body(live: Live) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {**ACCOUNT, "name": f"Keyed {uuid.uuid4()}"}
    first = live.send("POST", "/api/v1/accounts", body, headers=key)
    again = live.send("POST", "/api/v1/accounts", body, headers=key)
    other = live.send("POST", "/api/v1/accounts", {**body, "name": "Other"}, headers=key)
    assert first.status == again.status == 201
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert (other.status, _shape(other)["code"]) == (422, "idempotency_key_reused")


@pytest.mark.requirement("LEDGER.03")
def test_one_new_key_from_many_callers_opens_one_account(live: Live) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {**ACCOUNT, "name": f"Raced {uuid.uuid4()}"}
    replies: list[Reply] = []

    def call() -> None:
        for _ in range(50):
            reply = live.send("POST", "/api/v1/accounts", body, headers=key)
            if reply.status != 409:
                replies.append(reply)
                return

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 16
    assert {reply.status for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1


def test_a_dry_run_shows_the_result_and_changes_nothing(live: Live) -> None:
    body = {**ACCOUNT, "name": f"Dry {uuid.uuid4()}"}
    reply = live.send("POST", "/api/v1/accounts?dry_run=true", body)
    assert reply.status == 200
    assert reply.json()["name"] == body["name"]
    assert live.send("GET", f"/api/v1/accounts/{reply.json()['id']}").status == 404


@pytest.mark.requirement("AUTH.01")
def test_the_one_time_link_signs_a_program_in_once(live: Live) -> None:
    first = live.send("POST", "/api/v1/auth/link", {"secret": live.link}, token=None)
    assert first.status in (200, 201)
    token = first.json()["token"]
    assert live.send("GET", "/api/v1/users/me", token=token).status == 200
    second = live.send("POST", "/api/v1/auth/link", {"secret": live.link}, token=None)
    assert second.status in (400, 401, 404)
    assert live.send("GET", "/users/me", token=token).json()["username"] == "owner"


def _shape(reply: Reply) -> dict[str, object]:
    document = json.loads(reply.body)
    assert set(document) >= {"code", "message", "details"}
    assert set(document) <= {"code", "message", "details", "hint", "field", "retry_after_seconds"}
    return dict(document)


def test_a_secret_is_shown_once_and_kept_nowhere(live: Live) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"name": f"Shown once {uuid.uuid4()}", "scopes": ["ledger:read"]}
    first = live.send("POST", "/api/v1/api-tokens", body, headers=key)
    again = live.send("POST", "/api/v1/api-tokens", body, headers=key)
    assert first.json()["token"].startswith("bur_live_")
    assert again.json() == {**first.json(), "token": None}


@pytest.mark.requirement("DASH.02")
def test_the_portfolio_paths_of_the_requirements_answer_with_and_without_prefix(live: Live) -> None:
    for path in ("summary", "positions", "allocation", "transactions"):
        with_prefix = live.send("GET", f"/api/v1/portfolio/{path}")
        without = live.send("GET", f"/portfolio/{path}")
        assert with_prefix.status == without.status == 200
        assert with_prefix.json() == without.json()


@pytest.mark.requirement("API.01")
@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "/api/v1/transactions?text=a%00b", None, "text"),
        ("GET", "/api/v1/instruments/%00", None, "instrument"),
        ("POST", "/api/v1/accounts", {**ACCOUNT, "name": "a\x00b"}, "name"),
        ("POST", "/api/v1/imports/mappings", {"name": "x", "mapping": {"day\x00": []}}, None),
    ],
)
def test_a_nul_character_is_refused_by_field(
    live: Live, method: str, path: str, body: dict[str, object] | None, field: str | None
) -> None:
    reply = live.send(method, path, body)
    assert reply.status == 422
    assert field in (None, _shape(reply)["field"])
    assert "NUL" in str(_shape(reply)["message"])


@pytest.mark.requirement("API.01")
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/transactions?last_day=9999-12-31",
        "/api/v1/exports/json?last_day=9999-12-31",
        "/api/v1/market/quality?last_day=0001-01-01",
    ],
)
def test_the_first_and_last_day_there_is_are_days(live: Live, path: str) -> None:
    assert live.send("GET", path).status == 200


@pytest.mark.requirement("API.01")
def test_an_object_in_the_query_is_written_as_json(live: Live) -> None:
    path = "/api/v1/portfolio/drift?targets=%7B%22cash%22%3A%221%22%7D&taxonomy=asset_class"
    reply = live.send("GET", path)
    assert reply.status == 200 or _shape(reply).get("field") != "targets"
