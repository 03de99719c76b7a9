"""Optimiser: proposed weights beside today's, and the efficient frontier they lie on."""

from typing import Any

import streamlit as st

from bursar.lab import charts
from bursar.lab.connection import Connection
from bursar.lab.filters import Filters
from bursar.lab.tables import table
from bursar.lab.writing import day_text, decimal_text, percent

OBJECTIVES = {
    "An equal share of the risk": "risk_parity",
    "The lowest volatility": "minimum_variance",
    "The highest return for its volatility": "maximum_sharpe",
}
FRONTIER_POINTS = 20


def show(connection: Connection, filters: Filters) -> None:
    """Draw the page. Raises Refused."""
    left, middle, right = st.columns(3)
    objective = left.selectbox("Objective", list(OBJECTIVES), key="objective")
    cap = middle.slider("Most in one asset, %", 5, 100, 35, key="cap")
    days = right.slider("Days looked back", 90, 3650, 730, key="look_back")
    found = connection.post(
        "/portfolio/recommend",
        {
            "account": list(filters.accounts),
            "as_of": day_text(filters.end),
            "objective": OBJECTIVES[objective],
            "cap": decimal_text(cap / 100, 2),
            "look_back_days": days,
            "frontier_points": FRONTIER_POINTS,
        },
    )
    st.caption(
        f"As of {found['as_of']}, in {found['currency']}: {found['periods']} returns from "
        f"{found['first_day']} to {found['last_day']}. {found['note']}"
    )
    if filters.asset_class or filters.symbol:
        st.caption("The optimiser works on whole accounts: class and symbol choose rows.")
    st.subheader("Efficient frontier")
    charts.points(_points(found))
    st.subheader("Weights")
    rows = [row for row in found["assets"] if filters.symbol in (None, row["name"])]
    charts.bars(
        [
            {
                "name": row["name"],
                "value": float(row[field]) * 100,
                "text": percent(row[field]),
                "what": what,
            }
            for row in rows
            for what, field in (("real", "current_weight"), ("proposed", "weight"))
        ],
        unit="% of the assets",
        series="what",
    )
    table(
        [
            {
                "name": row["name"],
                "real": percent(row["current_weight"]),
                "proposed": percent(row["weight"]),
                "own volatility": percent(row["volatility"]),
                "share of the risk": percent(row["risk_share"]),
                "why": row["reason"],
            }
            for row in rows
        ]
    )


def _points(found: dict[str, Any]) -> list[dict[str, Any]]:
    named = [("frontier", each) for each in found["frontier"]]
    named += [("proposed", found["proposed"])]
    if found["current"] is not None:
        named.append(("real", found["current"]))
    return [
        {
            "name": what,
            "what": what,
            "volatility": float(each["volatility"]) * 100,
            "mean": float(each["mean_return"]) * 100,
        }
        for what, each in named
    ]
