"""Fill the demo workspace through `invoke`, one step after the other.

Each step carries an idempotency key, so a start that was killed half way is finished by the next
one and nothing goes in twice.
"""

import json
import uuid
from pathlib import Path
from typing import Any

from bursar.interfaces.application import Application
from bursar.interfaces.demo.payments import (
    FIRST_NIGHT,
    GROCERIES,
    HOTEL,
    MISSING_ITEMS,
    RENT,
)
from bursar.interfaces.demo.plan import (
    ACCOUNTS,
    CHECKING,
    OPENED,
    STOCKS,
    TARGETS,
    bank_lines,
    transactions,
)
from bursar.interfaces.demo.prices import INDEX_TICKER, DemoPrices, rates, read_prices
from bursar.interfaces.invoke import Call, invoke
from bursar.runtime.actor import Source, system_actor
from bursar.runtime.embedded.home import write_atomically

MARKER = "demo.json"
PRICE_SOURCE = "skfolio sample, adjusted"
RATE_SOURCE = "ECB monthly average"


async def seed_demo(application: Application, workspace_id: uuid.UUID) -> str:
    """Fill the demo workspace once; return the day its prices end on (YYYY-MM-DD)."""
    marker = application.settings.bursar_home / "run" / MARKER
    known = _read(marker)
    if known.get("workspace_id") == str(workspace_id):
        return str(known["as_of"])
    prices = read_prices()
    seed = Seed(application, workspace_id)
    await seed.market(prices)
    await seed.book(prices)
    await seed.payments()
    as_of = prices.days[-1].isoformat()
    write_atomically(marker, json.dumps({"workspace_id": str(workspace_id), "as_of": as_of}))
    return as_of


def _read(marker: Path) -> dict[str, Any]:
    if not marker.is_file():
        return {}
    document: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
    return document


class Seed:
    """The steps, in one workspace."""

    def __init__(self, application: Application, workspace_id: uuid.UUID) -> None:
        self._application = application
        self._actor = system_actor(workspace_id)

    async def _do(self, step: str, operation: str, body: dict[str, Any]) -> Any:
        call = Call(operation, body, Source.JOB, actor=self._actor, idempotency_key=f"demo:{step}")
        return (await invoke(self._application, call)).document()

    async def market(self, prices: DemoPrices) -> None:
        """Create the instruments and load prices and rates."""
        for ticker, (name, sector) in STOCKS.items():
            body = {
                "kind": "stock",
                "name": name,
                "currency": "USD",
                "ticker": ticker,
                "calendar": "XNYS",
                "classification": {"sector": sector, "region": "United States"},
            }
            await self._do(f"instrument:{ticker}", "market.create_instrument", body)
        index = {
            "kind": "other",
            "name": "S&P 500 index",
            "currency": "USD",
            "ticker": INDEX_TICKER,
        }
        await self._do("instrument:index", "market.create_instrument", index)
        for name, text in (("stocks", prices.stocks_csv), ("index", prices.index_csv)):
            body = {
                "text": text,
                "file_name": f"{name}.csv",
                "source": PRICE_SOURCE,
                "basis": "adjusted",
            }
            await self._do(f"prices:{name}", "market.load_prices", body)
        await self._do("rates", "market.record_fx_rates", {"rates": rates(), "source": RATE_SOURCE})

    async def book(self, prices: DemoPrices) -> None:
        """Open the accounts and tell the plan."""
        for account in ACCOUNTS:
            body = {**account, "opened_at": OPENED}
            await self._do(f"account:{account['name']}", "ledger.open_account", body)
        statement = {
            "schema": "bursar.statement/1",
            "statement": {
                "format": "bursar_json",
                "accounts": [
                    {
                        "external_id": "demo-checking",
                        "institution": "First Street Bank",
                        "name": CHECKING,
                        "kind": "checking",
                        "currency": "USD",
                        "activities": bank_lines(),
                    }
                ],
            },
        }
        body = {
            "filename": "demo.json",
            "content": json.dumps(statement),
            "account": CHECKING,
            "opening": False,
        }
        await self._do("statement", "banking.import_statement", body)
        for number, transaction in enumerate(transactions(prices)):
            await self._do(f"transaction:{number}", "banking.record_transaction", transaction)
        await self._do("targets", "portfolio.set_targets", TARGETS)

    async def payments(self) -> None:
        """Pay the rent, hold a hotel and capture its first night, refund a part of the groceries."""
        await self._do("payment:rent", "payments.initiate_payment", RENT)
        hotel = await self._do("payment:hotel", "payments.initiate_payment", HOTEL)
        night = {"payment_id": hotel["id"], **FIRST_NIGHT}
        await self._do("payment:hotel:night", "payments.capture_payment", night)
        groceries = await self._do("payment:groceries", "payments.initiate_payment", GROCERIES)
        missing = {"payment_id": groceries["id"], **MISSING_ITEMS}
        await self._do("payment:groceries:refund", "payments.process_refund", missing)
