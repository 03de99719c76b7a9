"""Allocation: shares by class, by position and against the targets."""

from typing import Any

import streamlit as st

from bursar.lab import charts
from bursar.lab.connection import Connection, Refused
from bursar.lab.filters import Filters
from bursar.lab.tables import table
from bursar.lab.writing import as_of, day_text, figure, percent

NOT_FOUND = 404


def show(connection: Connection, filters: Filters) -> None:
    """Draw the page. Raises Refused."""
    found = connection.get("/portfolio/summary", top=20, **filters.scope())
    st.caption(as_of(found))
    if not found["allocation"]:
        st.info("Nothing is held here on this day, so there are no shares.")
        return
    st.subheader("By asset class")
    _shares(found["allocation"])
    st.subheader("Largest positions")
    _shares(found["top_positions"])
    st.subheader("Against the targets")
    _drift(connection, filters)


def _shares(rows: list[dict[str, Any]]) -> None:
    known = [
        {
            "name": row["name"],
            "value": float(row["weight"]["value"]) * 100,
            "text": figure(row["value"]),
        }
        for row in rows
        if row["weight"]["value"] is not None
    ]
    if known:
        charts.bars(known, unit="% of the value")
    table(
        [
            {"name": row["name"], "value": figure(row["value"]), "share": figure(row["weight"])}
            for row in rows
        ]
    )


def _drift(connection: Connection, filters: Filters) -> None:
    try:
        found = connection.get(
            "/portfolio/drift",
            account=list(filters.accounts),
            as_of=day_text(filters.end),
            assets="false",
        )
    except Refused as refused:
        if refused.status != NOT_FOUND:
            raise
        st.info("No targets are stored, so there is no drift.")
        return
    if filters.asset_class or filters.symbol:
        st.caption("Targets are about whole accounts: the class and symbol filters choose rows.")
    table(
        [
            {
                "name": row["name"],
                "share": figure(row["weight"]),
                "target": percent(row["target"]),
                "drift": figure(row["drift"]),
                "outside its band": "yes" if row["over_threshold"] else "no",
            }
            for row in found["keys"]
            if filters.asset_class in (None, row["key"])
        ]
    )
    st.caption(f"Policy {found['policy']}, version {found['policy_version']}.")
