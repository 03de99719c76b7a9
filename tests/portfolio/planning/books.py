"""Books to plan on: two stocks, a bond fund and cash, in one or several accounts."""

import uuid
from dataclasses import dataclass, field
from decimal import Decimal

from bursar.market.models.instruments import InstrumentKind, InstrumentRow
from tests.harness import Harness
from tests.portfolio import build

TODAY = "2025-06-30"


@dataclass
class Made:
    accounts: dict[str, uuid.UUID] = field(default_factory=dict)
    instruments: dict[str, InstrumentRow] = field(default_factory=dict)

    def id(self, name: str) -> str:
        return str(self.instruments[name].id)


async def mixed(harness: Harness, *, cash: str = "1000") -> Made:
    """AAA 30 x 100, BBB 20 x 50 (stocks: 4,000), BND 50 x 100 (bonds: 5,000), cash 1,000."""
    build.stand_on(harness, TODAY)
    made = Made()
    made.accounts["Broker"] = broker = await build.account(harness)
    for ticker, asset_class, sector in (
        ("AAA", "stocks", "Technology"),
        ("BBB", "stocks", "Health"),
        ("BND", "bonds", "Government"),
    ):
        made.instruments[ticker] = await build.instrument(
            harness,
            ticker,
            kind=InstrumentKind.FUND if ticker == "BND" else InstrumentKind.STOCK,
            asset_class=asset_class,
            classification={"sector": sector},
        )
    last = {"AAA": "100", "BBB": "50", "BND": "100"}
    for ticker, close in last.items():
        await build.price(harness, made.instruments[ticker], {TODAY: close})
    spent = Decimal(30 * 80 + 20 * 60 + 50 * 100)
    await build.post(
        harness,
        build.activity(broker, "deposit", "2023-01-02", amount=spent + Decimal(cash)),
        *(
            build.activity(
                broker,
                "buy",
                on,
                instrument=made.instruments[ticker],
                quantity=quantity,
                unit_price=price,
            )
            for ticker, on, quantity, price in (
                ("AAA", "2023-01-03", 20, 80),
                ("AAA", "2025-03-03", 10, 80),
                ("BBB", "2025-02-03", 20, 60),
                ("BND", "2023-01-03", 50, 100),
            )
        ),
    )
    return made
