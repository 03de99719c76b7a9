"""Runs of the installation's own jobs."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bursar.runtime.tables import ALL_ROWS, Base


class JobRun(Base):
    """One run of a scheduled job; of the whole installation, so no workspace."""

    __tablename__ = "job_run"
    __table_args__ = (
        Index("ix_job_run_job", "job", "started_at"),
        Index("ix_job_run_started_at", "started_at"),
        {"info": ALL_ROWS},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    job: Mapped[str]
    state: Mapped[str]
    started_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
