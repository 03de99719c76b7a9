"""Scheduled jobs and their runs."""

import datetime as dt
import uuid

from pydantic import Field, JsonValue

from bursar.core.model import Model
from bursar.runtime.pages import PageRequest


class JobName(Model):
    """Input of developer.run_schedule."""

    job: str = Field(max_length=100, description="The job's name, such as DataCleanupJob.")


class ListRuns(PageRequest):
    """Input of developer.list_job_runs."""

    job: str | None = Field(None, max_length=100, description="Only runs of this job.")


class RunId(Model):
    """Input of developer.get_job_run."""

    run_id: uuid.UUID = Field(description="The run's id.")


class JobRun(Model):
    """One run of a job."""

    id: uuid.UUID = Field(description="Id.")
    job: str = Field(description="The job's name.")
    state: str = Field(description="running, done, failed, or lost with its worker.")
    started_at: dt.datetime = Field(description="When it began, UTC.")
    finished_at: dt.datetime | None = Field(description="When it ended, UTC.")
    result: dict[str, JsonValue] | None = Field(description="What it did.")
    error_code: str | None = Field(description="What went wrong.")


class Schedule(Model):
    """A job that runs again and again."""

    job: str = Field(description="Its name.")
    text: str = Field(description="What it does.")
    every_seconds: int = Field(description="Interval in seconds.")
    last_state: str | None = Field(description="How its last run stands; null before the first.")
    last_started_at: dt.datetime | None = Field(description="When its last run began, UTC.")
    last_finished_at: dt.datetime | None = Field(description="When its last run ended, UTC.")
    next_at: dt.datetime | None = Field(
        description="About when it runs next, UTC; null before its first run."
    )


class Schedules(Model):
    """Every scheduled job."""

    items: tuple[Schedule, ...] = Field(description="The jobs, by name.")


class RunRequested(Model):
    """A run was asked for."""

    effect_id: uuid.UUID = Field(description="The effect that hands the job to a worker.")
