"""The demo's real prices, read from the skfolio package's files without importing it."""

import csv
import gzip
import importlib.util
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from bursar.core.errors import Unavailable

FIRST_DAY = "2014-01-01"
STOCKS_FILE = "sp500_dataset.csv.gz"
INDEX_FILE = "sp500_index.csv.gz"
INDEX_TICKER = "SP500"

# European Central Bank, reference rates, monthly averages: dollars for one euro.
DOLLARS_FOR_EURO: dict[int, tuple[str, ...]] = {
    2020: ("1.1100", "1.0905", "1.1063", "1.0862", "1.0902", "1.1255",
           "1.1463", "1.1828", "1.1792", "1.1775", "1.1838", "1.2170"),
    2021: ("1.2171", "1.2098", "1.1899", "1.1979", "1.2146", "1.2047",
           "1.1822", "1.1772", "1.1770", "1.1601", "1.1414", "1.1304"),
    2022: ("1.1314", "1.1342", "1.1019", "1.0819", "1.0579", "1.0566",
           "1.0179", "1.0128", "0.9904", "0.9826", "1.0201", "1.0589"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoPrices:
    """Closes by ticker and day, and the files' text for loading."""

    days: tuple[date, ...]
    close: dict[str, dict[date, Decimal]]
    stocks_csv: str
    index_csv: str

    def on_or_after(self, day: date) -> date:
        """Return the first trading day that is not before `day`."""
        return next(known for known in self.days if known >= day)


def read_prices() -> DemoPrices:
    """Read the sample from `FIRST_DAY` on. Raises Unavailable when the package is missing."""
    spec = importlib.util.find_spec("skfolio")
    if spec is None or spec.origin is None:
        raise Unavailable(
            "the demo's prices come with the extra 'optimize', which is not installed",
            hint="Install it with 'make setup', or start without --demo.",
        )
    folder = Path(spec.origin).parent / "datasets" / "data"
    stocks = _recent(folder / STOCKS_FILE)
    index = _recent(folder / INDEX_FILE, name=INDEX_TICKER)
    close: dict[str, dict[date, Decimal]] = {}
    rows = csv.DictReader(io.StringIO(stocks))
    for row in rows:
        day = date.fromisoformat(row.pop("Date"))
        for ticker, price in row.items():
            close.setdefault(ticker, {})[day] = Decimal(price)
    days = tuple(sorted(next(iter(close.values()))))
    return DemoPrices(days, close, stocks, index)


def _recent(path: Path, *, name: str | None = None) -> str:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        head, *lines = stream.read().splitlines()
    if name is not None:
        head = f"Date,{name}"
    return "\n".join([head, *(line for line in lines if line[:10] >= FIRST_DAY)]) + "\n"


def rates() -> list[dict[str, str]]:
    """Return the monthly average as the rate of each day of its month."""
    found = []
    for year, months in DOLLARS_FOR_EURO.items():
        for month, rate in enumerate(months, start=1):
            day = date(year, month, 1)
            while day.month == month:
                found.append({"base": "EUR", "quote": "USD", "day": day.isoformat(), "rate": rate})
                day = date.fromordinal(day.toordinal() + 1)
    return found
