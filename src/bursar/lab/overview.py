"""Overview: what is there and what it earned, its value over time, and the positions."""

import streamlit as st

from bursar.lab import charts
from bursar.lab.connection import Connection
from bursar.lab.filters import Filters
from bursar.lab.tables import table, tile
from bursar.lab.writing import as_of, day_text, figure, money

TILES = (
    ("Net worth", "net_worth"),
    ("Cash", "cash"),
    ("Invested", "invested"),
    ("Last day", "day_change"),
    ("Gain since the start", "total_gain"),
    ("Time-weighted return", "twr"),
    ("Money-weighted return a year", "xirr"),
    ("Income", "income"),
)


def show(connection: Connection, filters: Filters) -> None:
    """Draw the page. Raises Refused."""
    found = connection.get("/portfolio/summary", **filters.scope())
    st.caption(as_of(found))
    for row in (TILES[:4], TILES[4:]):
        for column, (title, name) in zip(st.columns(4), row, strict=True):
            tile(column, title, figure(found[name]))
    _value(connection, filters, found["currency"])
    positions = connection.get("/portfolio/positions", limit=500, **filters.scope())
    st.subheader("Positions")
    if not positions["items"]:
        st.info("Nothing is held here on this day. Choose other filters or another day.")
        return
    table(
        [
            {
                "name": row["name"],
                "account": row["account"],
                "class": row["asset_class"],
                "quantity": figure(row["quantity"]),
                "price": money(row["price"], row["price_currency"]),
                "price of": row["price_day"],
                "value": figure(row["value"]),
                "share": figure(row["weight"]),
                "unrealised gain": figure(row["unrealised_gain"]),
            }
            for row in positions["items"]
        ]
    )
    if positions["next_cursor"]:
        st.caption(f"The largest {len(positions['items'])} of {positions['count']} positions.")


def _value(connection: Connection, filters: Filters, currency: str) -> None:
    history = connection.get(
        "/portfolio/history", start=day_text(filters.start), sampling="week", **filters.scope()
    )
    st.subheader("Value, by week")
    rows = [
        {"day": row["day"], "amount": charts.drawn(row[field]), "what": field}
        for row in history["items"]
        for field in ("value", "cash")
    ]
    if not rows:
        st.info("No value is known for these days.")
        return
    charts.lines(rows, x="day", y="amount", series="what", unit=currency)
    if history["more"]:
        st.caption("Older weeks are left out; choose a later first day.")
