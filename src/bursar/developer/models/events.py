"""Events: journal rows as listeners get them, and what a listener may ask for."""

import datetime as dt
import uuid

from pydantic import Field

from bursar.core.model import Model
from bursar.runtime.pages import CURSOR_CHARACTERS_MAX, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX

FILTERS_MAX = 50
NAME_CHARACTERS_MAX = 200
FACTS_SHOWN_MAX = 20


class EventFilter(Model):
    """Which events a listener wants; nothing given means all it may see."""

    types: tuple[str, ...] = Field(
        (),
        max_length=FILTERS_MAX,
        description="Operation names (ledger.open_account), fact names (account.opened) or all of a package (ledger.*).",
    )
    objects: tuple[str, ...] = Field(
        (), max_length=FILTERS_MAX, description="Ids of objects, such as accounts, to hear about."
    )
    refused: bool = Field(
        default=False, description="Also attempts that were refused; they changed nothing."
    )


class ListEvents(EventFilter):
    """Input of developer.list_events."""

    cursor: str | None = Field(
        None,
        max_length=CURSOR_CHARACTERS_MAX,
        description="Events after this cursor; 'start' is the beginning, nothing the newest ones.",
    )
    limit: int = Field(
        PAGE_ROWS_DEFAULT, ge=1, le=PAGE_ROWS_MAX, description="Events to return, at most 500."
    )


class EventFact(Model):
    """What happened to which object."""

    type: str = Field(description="Name of the fact, such as account.opened.")
    object: str = Field(description="Id of the object.")


class EventActor(Model):
    """Who acted, and through which door."""

    kind: str = Field(description="person, token, agent or system.")
    user_id: uuid.UUID | None = Field(description="The person, or the one a token acts for.")
    source: str = Field(description="rest, mcp, cli or job.")


class Event(Model):
    """One thing that happened; fetch the objects for their figures."""

    id: str = Field(description="Stable id, unique in this installation.")
    cursor: str = Field(description="Go on after this event from here.")
    type: str = Field(description="The operation's name.")
    outcome: str = Field(description="done or refused.")
    at: dt.datetime = Field(description="When, UTC.")
    facts: tuple[EventFact, ...] = Field(description="What happened, at most 20 facts.")
    facts_total: int = Field(description="How many facts there are.")
    accounts: tuple[str, ...] = Field(description="Ids of accounts touched, at most 20.")
    actor: EventActor = Field(description="Who acted.")
    request_id: str = Field(description="The request, as in the answer's X-Request-Id.")


class Events(Model):
    """Events in order, and where to go on."""

    items: tuple[Event, ...] = Field(description="Events, oldest first.")
    next_cursor: str = Field(
        description="Cursor to go on from; it stays good when nothing has happened."
    )
    more: bool = Field(description="Whether more events wait already.")
