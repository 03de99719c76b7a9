"""An allowed page of another origin may read every answer, that of the fast way included."""

from pathlib import Path

import httpx
import pytest

from bursar.interfaces.application import Application
from bursar.interfaces.rest.server import create
from bursar.settings import Settings
from tests.harness import Harness

PAGE = "https://books.example"


@pytest.mark.requirement("SEC.01")
async def test_an_allowed_origin_may_read_what_a_payment_is_answered(
    harness: Harness, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, bursar_home=tmp_path, environment="test", cors_origins=PAGE)
    app = create(settings)
    app.state.application = Application(settings, harness.clock, harness.database)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for origin, allowed in ((PAGE, PAGE), ("https://other.example", None)):
            reply = await client.post(
                "/api/v1/payments",
                content=b"{",  # refused before anything is looked up
                headers={
                    "Authorization": "Bearer somebody",
                    "Content-Type": "application/json",
                    "Idempotency-Key": "one",
                    "Origin": origin,
                },
            )
            assert (reply.status_code, reply.json()["code"]) == (422, "invalid_input")
            assert reply.headers.get("access-control-allow-origin") == allowed
