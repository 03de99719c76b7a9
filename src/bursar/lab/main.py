"""The lab's script: Streamlit runs it from top to bottom on every change of a control."""

import streamlit as st

from bursar.lab import (
    allocation,
    opportunities,
    optimiser,
    overview,
    performance,
    scenario,
)
from bursar.lab.connection import Refused, connect
from bursar.lab.filters import choose

PAGES = {
    "Overview": overview.show,
    "Performance": performance.show,
    "Allocation": allocation.show,
    "What if": scenario.show,
    "Optimiser": optimiser.show,
    "Opportunities": opportunities.show,
}
UNAUTHENTICATED, FORBIDDEN = 401, 403


def explain(refused: Refused) -> None:
    """Say what happened and what to do next."""
    if refused.status == UNAUTHENTICATED:
        st.warning("Your session has ended. [Sign in again](/sign-in/?next=%2Flab%2F).")
    elif refused.status == FORBIDDEN:
        st.warning(f"You may not see this: {refused}. Ask whoever runs this workspace.")
    else:
        st.error(f"{refused}. {refused.hint or ''}")


def run() -> None:
    """Draw the chosen page under the filters."""
    st.set_page_config(page_title="Lab · Bursar", layout="wide")
    st.sidebar.markdown("[← Bursar](/overview/)")
    page = st.sidebar.radio("Page", list(PAGES), key="page")
    st.title(page)
    try:
        with connect() as connection:
            PAGES[page](connection, choose(connection))
    except Refused as refused:
        explain(refused)


run()
