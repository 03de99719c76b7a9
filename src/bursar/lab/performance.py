"""Performance: every measure of the period side by side, its returns, and its drawdowns."""

from typing import Any

import streamlit as st

from bursar.lab import charts
from bursar.lab.connection import Connection
from bursar.lab.filters import Filters
from bursar.lab.tables import table
from bursar.lab.writing import as_of, day_text, figure, percent


def show(connection: Connection, filters: Filters) -> None:
    """Draw the page. Raises Refused."""
    by = st.segmented_control("Returns by", ["month", "week", "year"], default="month", key="by")
    found = connection.get(
        "/portfolio/performance",
        start=day_text(filters.start),
        series=by or "month",
        **filters.scope(),
    )
    st.caption(f"{as_of(found)} From the close of {found['start']}: {found['calendar_days']} days.")
    if found["series"]:
        _series(found)
    else:
        st.info("There is no return in these days: nothing of value was held.")
    left, right = st.columns(2)
    left.subheader("Returns")
    table(_measures(found["returns"]), left)
    right.subheader("Risk")
    table(_measures(found["statistics"]), right)
    st.subheader("Deepest drawdowns")
    if not found["drawdowns"]:
        st.info("The value never fell below an earlier high.")
        return
    table(
        [
            {
                "depth": percent(row["depth"]),
                "high": row["peak_day"],
                "low": row["trough_day"],
                "recovered": row["recovery_day"] or "not yet",
                "days": row["days_under_water"],
            }
            for row in found["drawdowns"]
        ]
    )


def _series(found: dict[str, Any]) -> None:
    st.subheader("Cumulative time-weighted return")
    rows = [
        {
            "period": row["start"],
            "percent": float(row["cumulative"]) * 100,
            "what": "since the start",
        }
        for row in found["series"]
    ]
    charts.lines(rows, x="period", y="percent", series="what", unit="%")


def _measures(found: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"measure": row["definition"], "value": figure(row)} for row in found]
