"""Gauges of the sealed journal, asked of the database when they are scraped, at most once a second.

The sealer works in another process; what matters is what the database shows: how old the oldest
unsealed row is, and how long something has been holding rows back from all readers.
"""

import time

from prometheus_client import Gauge

from bursar.audit.operations.state import journal_state
from bursar.core.errors import BursarError
from bursar.runtime.database import Database

SECONDS_BETWEEN = 1.0
SEAL_LAG = Gauge(
    "bursar_journal_seal_lag_seconds",
    "Age of the oldest journal row that is not sealed; 0 if none.",
)
HORIZON_AGE = Gauge(
    "bursar_journal_horizon_age_seconds",
    "How long an open writing transaction has been holding back the journal's readers; 0 if none.",
)


class JournalGauges:
    """Fills the gauges from one database."""

    def __init__(self) -> None:
        self._asked_at = -SECONDS_BETWEEN

    async def refresh(self, database: Database) -> None:
        """Ask again if the last answer is a second old; a database that is away changes nothing."""
        if time.monotonic() - self._asked_at < SECONDS_BETWEEN:
            return
        self._asked_at = time.monotonic()
        try:
            lag, age = await journal_state(database)
        except BursarError:
            return
        SEAL_LAG.set(lag.total_seconds())
        HORIZON_AGE.set(age.total_seconds())
