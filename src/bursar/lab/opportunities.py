"""Opportunities: instruments ranked by the stated score, each part with its value and days."""

from typing import Any

import streamlit as st

from bursar.lab import charts
from bursar.lab.connection import Connection
from bursar.lab.filters import Filters
from bursar.lab.tables import table
from bursar.lab.writing import GAP, day_text, decimal_text, number, percent

SHOWN = {"Held or not": "any", "Held": "held", "Not held": "not_held"}


def show(connection: Connection, filters: Filters) -> None:
    """Draw the page. Raises Refused."""
    left, right = st.columns(2)
    held = left.segmented_control("Show", list(SHOWN), default="Held or not", key="held")
    history = right.slider("Fewest days with prices", 2, 400, 60, key="history")
    body = {
        "as_of": day_text(filters.end),
        "asset_class": [filters.asset_class] if filters.asset_class else [],
        "held": SHOWN[held or "Held or not"],
        "history_days_min": history,
        "limit": 100,
    }
    plain = connection.post("/portfolio/scan", body | {"limit": 1})
    weights = _weights(plain)
    if weights is not None and not any(float(each) for each in weights.values()):
        st.warning("Give at least one part a weight.")
        return
    found = connection.post("/portfolio/scan", body | {"weights": weights})
    st.caption(
        f"As of {found['as_of']}. {found['compared']} instruments are compared, "
        f"{found['matched']} pass the filters. {found['note']}"
    )
    rows = [row for row in found["rows"] if filters.symbol in (None, row["name"])]
    if rows:
        _ranking(rows)
        _parts(rows)
    else:
        st.info("No instrument passes the filters. Choose a shorter history or another day.")
    _background(found)


def _weights(found: dict[str, Any]) -> dict[str, str] | None:
    with st.expander("Weights of the score"):
        if not st.toggle("Set own weights", key="own_weights"):
            st.caption(f"{found['definition']}: {found['formula']}")
            return None
        return {
            part["part"]: decimal_text(
                st.slider(
                    part["part"].replace("_", " "),
                    0.0,
                    1.0,
                    float(part["weight"]),
                    0.05,
                    key=f"part_{part['part']}",
                ),
                2,
            )
            for part in found["parts"]
        }


def _ranking(rows: list[dict[str, Any]]) -> None:
    scored = [
        {"name": row["name"], "value": charts.drawn(row["score"]), "text": number(row["score"])}
        for row in rows[:25]
        if row["score"] is not None
    ]
    if scored:
        st.subheader("Score")
        charts.bars(scored, unit="score (weighted mean of z)")
    table(
        [
            {
                "rank": row["rank"],
                "name": row["name"],
                "class": row["asset_class"],
                "held": "yes" if row["held"] else "no",
                "score": number(row["score"]) + (f" ({row['reason']})" if row["reason"] else ""),
                "of the weight known": percent(row["coverage"]),
                **{part["part"].replace("_", " "): percent(part["value"]) for part in row["parts"]},
                "last price": row["price_day"],
            }
            for row in rows
        ]
    )


def _parts(rows: list[dict[str, Any]]) -> None:
    by_name = {row["name"]: row for row in rows}
    row = by_name[st.selectbox("How a score is made", list(by_name), key="explained")]
    table(
        [
            {
                "part": part["part"].replace("_", " "),
                "value": percent(part["value"]),
                "z": number(part["z"]),
                "weight": percent(part["weight"]),
                "adds": number(part["contribution"]),
                "from": part["first_day"],
                "until": part["last_day"],
                "why not": part["reason"] or "",
            }
            for part in row["parts"]
        ]
    )


def _background(found: dict[str, Any]) -> None:
    st.subheader("Exchange rates and indicators")
    if found["macro"]:
        table(
            [
                {
                    "name": row["name"],
                    "level": row["level"] or GAP,
                    "of": row["day"],
                    "3 months": percent(row["change_3_months"]),
                    "12 months": percent(row["change_12_months"]),
                }
                for row in found["macro"]
            ]
        )
    else:
        st.info("None is held. Record exchange rates, or instruments of the class indicator.")
    for each in found["left_out"]:
        st.caption(
            f"Not compared, {each['reason'].replace('_', ' ')}: {each['instruments']} "
            f"({', '.join(each['examples'])})."
        )
