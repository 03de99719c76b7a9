"""Effects as people and programs see them: never what is sent, only how it goes."""

import datetime as dt
import uuid
from enum import StrEnum

from pydantic import Field

from bursar.core.model import Model
from bursar.runtime.pages import PageRequest


class EffectState(StrEnum):
    """Where an effect stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    UNCERTAIN = "uncertain"
    DROPPED = "dropped"


class ListEffects(PageRequest):
    """Input of developer.list_effects."""

    states: tuple[EffectState, ...] = Field(
        (), max_length=6, description="Only effects in these states; nothing means all."
    )
    kind: str | None = Field(
        None, max_length=100, description="Only effects of this kind, such as market.fetch_prices."
    )


class EffectId(Model):
    """Input of developer.get_effect."""

    effect_id: uuid.UUID = Field(description="The effect's id.")


class RetryEffect(EffectId):
    """Input of developer.retry_effect."""

    not_carried_out: bool = Field(
        default=False,
        description="You looked at the provider and it was not carried out: do it again. Only for an uncertain effect.",
    )


class DropEffect(EffectId):
    """Input of developer.drop_effect."""

    reason: str = Field(
        min_length=1, max_length=500, description="Why it shall not happen; kept in the journal."
    )


class Progress(Model):
    """How far a long effect is."""

    done: int = Field(description="Steps done.")
    total: int | None = Field(description="Steps in all; null when unknown.")
    note: str = Field(description="What it is at.")
    at: dt.datetime = Field(description="When it said so, UTC.")


class Effect(Model):
    """Work outside: what kind, how it goes, what went wrong."""

    id: uuid.UUID = Field(description="Id; the provider's idempotency key, too.")
    kind: str = Field(description="What is done, such as market.fetch_prices.")
    state: EffectState = Field(
        description="queued, running, done; dead (given up), uncertain (a person must look), dropped."
    )
    attempts: int = Field(description="Attempts begun.")
    attempts_max: int = Field(description="Given up after this many; a retry allows 8 more.")
    in_doubt: bool = Field(description="The last attempt ended without an answer.")
    created_at: dt.datetime = Field(description="When it was asked for, UTC.")
    next_at: dt.datetime | None = Field(description="When it is tried next; null when it is not.")
    finished_at: dt.datetime | None = Field(description="When it ended, UTC.")
    error_code: str | None = Field(description="What went wrong last.")
    error_message: str | None = Field(description="The same in a sentence.")
    progress: Progress | None = Field(description="How far it is, where it says so.")
    request_id: str = Field(description="The request that asked for it.")
