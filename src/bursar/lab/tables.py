"""Tables and tiles: the server's texts as they are, figures to the right."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

# Columns of words; all others hold figures.
WORDS = frozenset(
    {"account", "class", "held", "measure", "name", "outside its band", "part", "why", "why not"}
)


def table(rows: Sequence[Mapping[str, Any]], place: Any = st) -> None:
    """Draw rows; every column but those of words is aligned to the right."""
    columns = {
        name: st.column_config.TextColumn(alignment="left" if name in WORDS else "right")
        for name in (rows[0] if rows else ())
    }
    written = [{name: None if v is None else str(v) for name, v in row.items()} for row in rows]
    place.dataframe(written, hide_index=True, column_config=columns, width="stretch")


def tile(place: Any, title: str, text: str) -> None:
    """Draw one figure under its title, in full: a long one wraps and is never cut."""
    place.caption(title)
    place.markdown(f"**{text}**")
