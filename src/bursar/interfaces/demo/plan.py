"""What the made-up household did: the same every time, at the closes of the real days."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from bursar.interfaces.demo.prices import DOLLARS_FOR_EURO, DemoPrices

CHECKING, BROKERAGE, EUROS = "Everyday checking", "Brokerage", "Euro savings"
FIRST_STREET, HARBOR, ALSTER = "First Street Bank", "Harbor Brokerage", "Alster Bank"
OPENED = "2019-12-31T00:00:00Z"
MONTHLY_INVESTMENT = Decimal(1600)
BUY_FEE = Decimal(1)
YEARS = (2020, 2021, 2022)
LAST_MONTH = (2022, 12)

STOCKS: dict[str, tuple[str, str]] = {
    "AAPL": ("Apple", "Information technology"),
    "AMD": ("Advanced Micro Devices", "Information technology"),
    "BAC": ("Bank of America", "Financials"),
    "BBY": ("Best Buy", "Consumer discretionary"),
    "CVX": ("Chevron", "Energy"),
    "GE": ("General Electric", "Industrials"),
    "HD": ("Home Depot", "Consumer discretionary"),
    "JNJ": ("Johnson & Johnson", "Health care"),
    "JPM": ("JPMorgan Chase", "Financials"),
    "KO": ("Coca-Cola", "Consumer staples"),
    "LLY": ("Eli Lilly", "Health care"),
    "MRK": ("Merck", "Health care"),
    "MSFT": ("Microsoft", "Information technology"),
    "PEP": ("PepsiCo", "Consumer staples"),
    "PFE": ("Pfizer", "Health care"),
    "PG": ("Procter & Gamble", "Consumer staples"),
    "RRC": ("Range Resources", "Energy"),
    "UNH": ("UnitedHealth", "Health care"),
    "WMT": ("Walmart", "Consumer staples"),
    "XOM": ("Exxon Mobil", "Energy"),
}
ROTATION = ("AAPL", "MSFT", "JNJ", "JPM", "XOM", "WMT", "UNH", "KO", "PFE", "HD", "AMD", "PG")
# Day, ticker, and the part of the holding that is sold.
SALES = (
    (date(2021, 2, 16), "AAPL", Decimal("0.40")),
    (date(2021, 11, 15), "MSFT", Decimal("0.25")),
    (date(2022, 5, 16), "XOM", Decimal("0.50")),
    (date(2022, 10, 17), "PFE", Decimal(1)),
)
ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"name": CHECKING, "kind": "checking", "currency": "USD", "institution": FIRST_STREET},
    {"name": BROKERAGE, "kind": "brokerage", "currency": "USD", "institution": HARBOR},
    {"name": EUROS, "kind": "savings", "currency": "EUR", "institution": ALSTER},
)
TARGETS: dict[str, Any] = {
    "taxonomy": "asset_class",
    "targets": {"stocks": "0.60", "cash": "0.40"},
    "band": {"absolute": "0.05"},
    "tax_rate_short": "0.24",
    "tax_rate_long": "0.15",
    "fee_fixed": "1.00",
    "minimum_trade": "100.00",
}
MONTHLY_LINES: tuple[tuple[int, str, str, str], ...] = (
    (1, "5200.00", "Northwind Ltd", "Salary"),
    (3, "-1850.00", "Maple Street Apartments", "Rent"),
    (9, "-312.40", "Green Grocer", "Groceries"),
    (19, "-287.15", "Green Grocer", "Groceries"),
    (21, "-164.90", "City Utilities", "Utilities"),
    (26, "-79.00", "Northern Rail", "Transport"),
)


@dataclass(slots=True)
class Holdings:
    """What the household holds while the plan is told."""

    quantity: dict[str, Decimal] = field(default_factory=dict)

    def add(self, ticker: str, quantity: Decimal) -> None:
        """Count what is bought, or sold when negative."""
        self.quantity[ticker] = self.quantity.get(ticker, Decimal(0)) + quantity


def bank_lines() -> list[dict[str, Any]]:
    """Return the checking account's ordinary lines, as a Bursar statement carries them."""
    lines: list[dict[str, Any]] = []
    for year in YEARS:
        for month in range(1, 13):
            for day, amount, payee, category in MONTHLY_LINES:
                lines.append(
                    {
                        "kind": "deposit" if not amount.startswith("-") else "withdrawal",
                        "effective_at": f"{year}-{month:02}-{day:02}",
                        "external_id": f"demo-{year}-{month:02}-{day:02}-{category.lower()}",
                        "amount": amount,
                        "currency": "USD",
                        "payee": payee,
                        "category": category,
                    }
                )
    return lines


def transactions(prices: DemoPrices) -> Iterator[dict[str, Any]]:
    """Yield everything else in order: opening, transfers, purchases, sales, conversions."""
    holdings = Holdings()
    yield _cash("opening_balance", CHECKING, date(2020, 1, 1), "18000.00", payee="Opening balance")
    for number, (year, month) in enumerate((y, m) for y in YEARS for m in range(1, 13)):
        if (year, month) != LAST_MONTH:
            yield from _investment(prices, holdings, number, date(year, month, 15))
        yield from _sales(prices, holdings, year, month)
        yield from _euros(year, month)
        if (year, month) == (2021, 7):
            yield _cash(
                "withdrawal", CHECKING, date(2021, 7, 6), "2500.00", payee="Lake House Rentals"
            )
        if (year, month) == (2022, 8):
            yield _transfer(BROKERAGE, CHECKING, date(2022, 8, 16), "4000.00")


def _investment(
    prices: DemoPrices, holdings: Holdings, number: int, wanted: date
) -> Iterator[dict[str, Any]]:
    day = prices.on_or_after(wanted)
    yield _transfer(CHECKING, BROKERAGE, day, str(MONTHLY_INVESTMENT))
    for ticker in (ROTATION[number % 12], ROTATION[(number + 5) % 12]):
        price = prices.close[ticker][day]
        quantity = ((MONTHLY_INVESTMENT / 2 - BUY_FEE) / price).quantize(Decimal("0.001"))
        if quantity * price > MONTHLY_INVESTMENT / 2 - BUY_FEE:
            quantity -= Decimal("0.001")
        holdings.add(ticker, quantity)
        yield _trade("buy", ticker, day, quantity=quantity, price=price)


def _sales(
    prices: DemoPrices, holdings: Holdings, year: int, month: int
) -> Iterator[dict[str, Any]]:
    for wanted, ticker, part in SALES:
        if (wanted.year, wanted.month) == (year, month):
            day = prices.on_or_after(wanted)
            quantity = (holdings.quantity[ticker] * part).quantize(Decimal("0.001"))
            holdings.add(ticker, -quantity)
            yield _trade("sell", ticker, day, quantity=quantity, price=prices.close[ticker][day])


def _euros(year: int, month: int) -> Iterator[dict[str, Any]]:
    """Convert some dollars each quarter of 2021 on; the savings pay interest."""
    if year == YEARS[0] or month % 3 != 0:
        return
    rate = Decimal(DOLLARS_FOR_EURO[year][month - 1])
    dollars = Decimal(900)
    yield {
        "account": CHECKING,
        "kind": "fx_conversion",
        "effective_at": f"{year}-{month:02}-10",
        "amount": str(dollars),
        "currency": "USD",
        "counter_account": EUROS,
        "counter_amount": str((dollars / rate).quantize(Decimal("0.01"))),
        "counter_currency": "EUR",
        "external_id": f"demo-euros-{year}-{month:02}",
    }
    yield {
        "account": EUROS,
        "kind": "interest",
        "effective_at": f"{year}-{month:02}-28",
        "amount": f"{Decimal('0.85') * (4 * (year - 2021) + month // 3):.2f}",
        "payee": ALSTER,
        "external_id": f"demo-interest-{year}-{month:02}",
    }


def _trade(
    kind: str, ticker: str, day: date, *, quantity: Decimal, price: Decimal
) -> dict[str, Any]:
    return {
        "account": BROKERAGE,
        "kind": kind,
        "effective_at": day.isoformat(),
        "instrument": ticker,
        "quantity": str(quantity),
        "unit_price": str(price),
        "fees": str(BUY_FEE),
        "external_id": f"demo-{kind}-{ticker}-{day.isoformat()}",
    }


def _transfer(source: str, target: str, day: date, amount: str) -> dict[str, Any]:
    return {
        "account": source,
        "kind": "transfer_out",
        "effective_at": day.isoformat(),
        "amount": amount,
        "counter_account": target,
        "external_id": f"demo-transfer-{day.isoformat()}",
    }


def _cash(kind: str, account: str, day: date, amount: str, *, payee: str) -> dict[str, Any]:
    return {
        "account": account,
        "kind": kind,
        "effective_at": day.isoformat(),
        "amount": amount,
        "payee": payee,
        "external_id": f"demo-{kind}-{day.isoformat()}",
    }
