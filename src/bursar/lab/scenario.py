"""What if: sliders for prices, money, weights and lot method, beside the real figures."""

from typing import Any

import streamlit as st

from bursar.lab import charts
from bursar.lab.connection import Connection
from bursar.lab.filters import Filters
from bursar.lab.tables import table, tile
from bursar.lab.writing import as_of, day_text, decimal_text, figure, money, percent

METHODS = ("fifo", "lifo", "hifo", "lofo", "average")
WHOLE = 100


def show(connection: Connection, filters: Filters) -> None:
    """Draw the page. Raises Refused."""
    scope = {"account": list(filters.accounts), "as_of": day_text(filters.end)}
    plain = connection.post("/portfolio/what-if", scope)
    if not plain["allocation"]:
        st.info("Nothing is held here on this day, so there is nothing to change.")
        return
    body = scope | _chosen(plain)
    if body.pop("unfinished", False):
        return
    found = connection.post("/portfolio/what-if", body)
    _beside(found)
    rows = [
        {
            "name": row["name"],
            "value": float(row[weight] or 0) * 100,
            "text": percent(row[weight]),
            "what": what,
        }
        for row in found["allocation"]
        for what, weight in (("real", "weight_before"), ("scenario", "weight_after"))
        if filters.asset_class in (None, row["key"])
    ]
    if rows:
        st.subheader("Allocation")
        charts.bars(rows, unit="% of the value", series="what")
    _tables(found, filters)
    st.caption(f"{as_of(found)} {found['note']} Nothing was written.")


def _chosen(plain: dict[str, Any]) -> dict[str, Any]:
    """Draw the sliders and return the changes they make."""
    classes = [row["key"] for row in plain["allocation"]]
    left, middle, right = st.columns(3)
    with left:
        st.markdown("**Prices**")
        shock = st.slider("Everything, %", -90, 100, 0, key="shock")
        shocks = {
            key: st.slider(f"{key}, %", -90, 100, shock, key=f"shock_{key}_{shock}")
            for key in classes
            if key != "cash"
        }
    with middle:
        st.markdown("**Money**")
        paid = st.number_input(
            f"Paid in, {plain['currency']} (negative: taken out)",
            value=0.0,
            step=1000.0,
            format="%.2f",
            key="contribution",
        )
        method = st.selectbox("Lot method", ["as it is", *METHODS], key="method")
    with right:
        weights = _weights(plain)
    return {
        "shock": decimal_text(shock / 100, 2),
        "class_shocks": {k: decimal_text(v / 100, 2) for k, v in shocks.items() if v != shock},
        "contribution": decimal_text(paid, 2),
        "lot_method": None if method == "as it is" else method,
        **weights,
    }


def _weights(plain: dict[str, Any]) -> dict[str, Any]:
    st.markdown("**Weights**")
    if not st.toggle("Set target weights", key="weigh"):
        return {}
    parts = {
        row["key"]: st.slider(
            f"{row['name']}, % of the whole",
            0,
            WHOLE,
            min(max(round(float(row["weight_before"] or 0) * WHOLE), 0), WHOLE),
            key=f"weight_{row['key']}",
        )
        for row in plain["allocation"]
    }
    total = sum(parts.values())
    if total != WHOLE:
        st.warning(f"The weights sum to {total} %; they count once they sum to 100 %.")
        return {"unfinished": True}
    return {"weights": {key: decimal_text(part / WHOLE, 2) for key, part in parts.items()}}


def _beside(found: dict[str, Any]) -> None:
    currency, risk = found["currency"], found["risk"]
    columns = st.columns(4)
    tile(columns[0], "Real value", figure(found["value_before"]))
    tile(columns[1], "Value in the scenario", money(found["value_after"], currency))
    columns[1].caption(f"Change {money(found['change'], currency)}")
    tile(columns[2], "Real volatility a year", percent(risk["volatility_before"]))
    tile(columns[3], "Volatility in the scenario", percent(risk["volatility_after"]))
    if risk["reason"]:
        st.caption(f"Risk: {risk['reason']}")


def _tables(found: dict[str, Any], filters: Filters) -> None:
    currency = found["currency"]
    st.subheader("By asset")
    table(
        [
            {
                "name": row["name"],
                "real": money(row["before"], currency),
                "price effect": money(row["price_effect"], currency),
                "moved": money(row["moved"], currency),
                "scenario": money(row["after"], currency),
            }
            for row in found["assets"]
            if filters.symbol in (None, row["name"])
        ]
    )
    lots = found["lots"]
    if lots is not None:
        st.subheader(f"Gains by {lots['method']} beside the accounts' own method")
        table(
            [
                {"figure": name, "real": figure(lots[name][0]), "scenario": figure(lots[name][1])}
                for name in ("cost", "realised", "unrealised")
            ]
        )
