"""A second workspace on a running server, with one of everything that an id can name."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from bursar.core.clock import SystemClock
from bursar.identity.operations import bootstrap
from bursar.interfaces import catalogue
from bursar.runtime.database import EVERY_WORKSPACE, Database
from bursar.settings import Settings
from tests.interfaces.live import Live

STATEMENT = "Date,Description,Amount\n2022-11-01,Rent,-10.00\n2022-11-02,Pay,25.00\n"
POLICY = "Hers alone"
MAPPING = "her bank"


@dataclass
class Somebody:
    """A signed-in owner of a workspace, and ids of what is in it, by kind."""

    live: Live
    session: str
    ids: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expected: tuple[int, ...] = (200, 201, 202),
    ) -> Any:
        # Every write has a new key, as those that move money need one.
        headers = {"Idempotency-Key": str(uuid.uuid4())} if body is not None else {}
        reply = self.live.send(method, f"/api/v1{path}", body, token=self.session, headers=headers)
        assert reply.status in expected, (path, reply.body)
        return reply.json()


async def sign_in_as_owner(live: Live) -> Somebody:
    """A session of the server's own owner, who may do everything."""
    return await _signed_in(live, new=False)


async def furnished_workspace(live: Live) -> Somebody:
    """A new workspace whose owner is signed in, with one thing of each kind."""
    her = await _signed_in(live, new=True)
    account = her.call(
        "POST", "/accounts", {"name": "Hers", "kind": "brokerage", "currency": "USD"}
    )
    instrument = her.call(
        "POST",
        "/instruments",
        {"kind": "etf", "name": "Her fund", "currency": "USD", "ticker": "HERFUND"},
    )
    paid = {"account": "Hers", "kind": "deposit", "effective_at": "2022-10-01", "amount": "1000"}
    her.call("POST", "/transactions", paid)
    bought = {"instrument": instrument["id"], "kind": "buy", "quantity": "3", "amount": "90"}
    trade = her.call("POST", "/transactions", {**paid, **bought, "effective_at": "2022-10-02"})
    price = {"instrument": instrument["id"], "day": "2022-10-03", "close": "31"}
    her.call("POST", "/prices", {"prices": [price], "source": "hers"})
    made = her.call("POST", "/imports", {"content": STATEMENT, "account": "Her bank account"})
    columns = {"date": "Date", "payee": "Description", "amount": "Amount"}
    her.call("POST", "/imports/mappings", {"name": MAPPING, "mapping": columns})
    her.call("PUT", "/portfolio/targets", {"name": POLICY, "targets": {"stocks": "1"}})
    token = her.call("POST", "/api-tokens", {"name": "hers", "scopes": ["ledger:read"]})
    her.ids |= _moved_and_asked(her) | {
        "account": account["id"],
        "instrument": instrument["id"],
        "transaction": trade["transaction_id"],
        "import": made["import_id"],
        "token": token["id"],
        "person": her.call("GET", "/users/me")["person_id"],
        "workspace": her.call("GET", "/workspace")["id"],
        "session": her.call("GET", "/auth/sessions")["items"][0]["id"],
        "lot": her.call("GET", "/lots")["items"][0]["lot_id"],
        "figure": her.call("GET", "/portfolio/summary")["net_worth"]["id"],
        "policy": POLICY,
        "mapping": MAPPING,
    }
    return her


def _moved_and_asked(her: Somebody) -> dict[str, str]:
    """Money moved between her accounts, and work outside that she asked for."""
    paid = her.call(
        "POST", "/payments", {"payer_account": "Hers", "payee_name": "Shop", "amount": "5"}
    )
    moved = her.call(
        "POST",
        "/transfers",
        {"from_account": "Hers", "to_account": "Her bank account", "amount": "6"},
    )
    effect = her.call("POST", "/schedules/DataCleanupJob/run", {})
    journal = her.call("GET", "/audit/journal?operation=payments.initiate_payment")
    return {
        "payment": paid["id"],
        "transfer": moved["id"],
        "effect": effect["effect_id"],
        "journal_row": str(journal["items"][0]["seq"]),
    }


async def new_link(live: Live, *, new: bool = False) -> str:
    """The secret of a fresh sign-in link: of the server's owner, or of a new workspace's."""
    catalogue.load()
    settings = Settings(_env_file=None, bursar_home=live.home)
    database = Database(live.environment["DATABASE_URL"], connections_max=2)
    now = SystemClock().now()
    try:
        async with database.transaction(EVERY_WORKSPACE) as transaction:
            session = transaction.session
            owner = await bootstrap.store.find_first_owner(session, "")
            if new or owner is None:
                owner = await bootstrap.add_owner(
                    session,
                    username=f"her-{uuid.uuid4().hex[:12]}",
                    display_name="Her",
                    email=None,
                    workspace_name="Her workspace",
                    base_currency="USD",
                    now=now,
                )
            made = await bootstrap._add_credentials(
                session, settings, owner, now=now, owner_created=False, with_token=False
            )
    finally:
        await database.close()
    return made.sign_in_link.get_secret_value()


async def _signed_in(live: Live, *, new: bool) -> Somebody:
    secret = await new_link(live, new=new)
    reply = live.send("POST", "/api/v1/auth/link", {"secret": secret}, token=None)
    assert reply.status == 200, reply.body
    return Somebody(live, json.loads(reply.body)["token"])
