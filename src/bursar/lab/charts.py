"""Charts: the one place where the server's texts become floats, to be drawn and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

BEFORE_AFTER = ("real", "scenario")


def drawn(value: str | None) -> float | None:
    """Return what to draw for a text."""
    return None if value is None else float(value)


def lines(rows: Sequence[Mapping[str, Any]], *, x: str, y: str, series: str, unit: str) -> None:
    """Draw lines over time; a gap stays a gap."""
    table = pd.DataFrame(rows)
    table[x] = pd.to_datetime(table[x])
    chart = (
        alt.Chart(table)
        .mark_line(strokeWidth=1.6)
        .encode(
            x=alt.X(f"{x}:T", title=None),
            y=alt.Y(f"{y}:Q", title=unit, scale=alt.Scale(zero=False)),
            color=alt.Color(f"{series}:N", title=None, legend=alt.Legend(orient="top")),
            tooltip=[alt.Tooltip(f"{x}:T"), f"{series}:N", alt.Tooltip(f"{y}:Q", title=unit)],
        )
        .properties(height=300)
    )
    st.altair_chart(chart, width="stretch")


def bars(rows: Sequence[Mapping[str, Any]], *, unit: str, series: str | None = None) -> None:
    """Draw horizontal bars of `value` by `name`, side by side where there is a series."""
    table = pd.DataFrame(rows)
    encoded = {
        "y": alt.Y("name:N", title=None, sort="-x" if series is None else None),
        "x": alt.X("value:Q", title=unit),
        "tooltip": ["name:N", "text:N", *([f"{series}:N"] if series else [])],
    }
    if series is not None:
        encoded["yOffset"] = alt.YOffset(f"{series}:N")
        encoded["color"] = alt.Color(f"{series}:N", title=None, legend=alt.Legend(orient="top"))
    names = len({row["name"] for row in rows})
    height = 170 + names * 48 if series else 90 + names * 26
    st.altair_chart(alt.Chart(table).mark_bar().encode(**encoded).properties(height=height))


def points(rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw return against volatility: the frontier as a line, what is compared as points."""
    table = pd.DataFrame(rows)
    base = alt.Chart(table).encode(
        x=alt.X("volatility:Q", title="volatility, % a year", scale=alt.Scale(zero=False)),
        y=alt.Y("mean:Q", title="mean past return, % a year", scale=alt.Scale(zero=False)),
    )
    line = base.transform_filter("datum.what == 'frontier'").mark_line(opacity=0.6)
    dots = base.mark_point(filled=True, size=90).encode(
        color=alt.Color("what:N", title=None, legend=alt.Legend(orient="top")),
        tooltip=["name:N", "what:N", "volatility:Q", "mean:Q"],
    )
    st.altair_chart((line + dots).properties(height=340), width="stretch")
