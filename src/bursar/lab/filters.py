"""The filters beside every page: account, class, symbol and days, and what they mean for a request."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import streamlit as st

from bursar.lab.connection import Connection
from bursar.lab.writing import day_text

ALL = "All"


@dataclass(frozen=True, slots=True)
class Filters:
    """What was chosen; account names have become ids."""

    accounts: tuple[str, ...]
    asset_class: str | None
    symbol: str | None
    start: dt.date | None
    end: dt.date | None

    def scope(self) -> dict[str, Any]:
        """Return the fields that narrow a figure down."""
        return {
            "account": list(self.accounts),
            "asset_class": self.asset_class,
            "instrument": self.symbol,
            "as_of": day_text(self.end),
        }

    def shows(self, row: dict[str, Any]) -> bool:
        """Tell whether a row with a name, and perhaps a class, passes the filters."""
        same_class = self.asset_class in (None, row.get("asset_class", self.asset_class))
        return same_class and self.symbol in (None, row["name"])


def choose(connection: Connection) -> Filters:
    """Draw the filters and return what is chosen. Raises Refused."""
    accounts = {row["name"]: row["id"] for row in connection.get("/accounts", limit=500)["items"]}
    every = connection.get("/portfolio/positions", limit=500)
    held = every["items"]
    classes = sorted({row["asset_class"] for row in held})
    symbols = sorted({row["name"] for row in held if row["instrument_id"] is not None})
    side = st.sidebar
    side.header("Filters")
    named = side.multiselect("Accounts", sorted(accounts), key="accounts", placeholder="All")
    chosen_class = side.selectbox("Asset class", [ALL, *classes], key="asset_class")
    narrowed = chosen_class != ALL
    symbol = side.selectbox("Symbol", [ALL, *symbols], key="symbol", disabled=narrowed)
    if narrowed and named:
        side.caption("A class is shown over all accounts; the account filter waits.")
    elif narrowed:
        side.caption("Choose all classes to filter by symbol.")
    elif symbol != ALL and len(named) > 1:
        side.caption(f"A symbol is shown in one account: {named[0]}.")
        named = named[:1]
    last = dt.date.fromisoformat(every["as_of"])
    start = side.date_input("From", value=None, max_value=last, key="start")
    end = side.date_input("Until", value=None, key="end")
    side.caption(f"Blank: from the beginning, until {last}.")
    return Filters(
        () if narrowed else tuple(accounts[name] for name in named),
        chosen_class if narrowed else None,
        None if narrowed or symbol == ALL else symbol,
        start,
        end,
    )
