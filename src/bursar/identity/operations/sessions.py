"""A person's running sessions: see them, end them."""

from sqlalchemy import select, update

from bursar.core.errors import NotFound, Refused
from bursar.core.model import Nothing
from bursar.identity import store
from bursar.identity.models import Session, SessionId
from bursar.identity.operations.profile import person_of
from bursar.identity.tables import SignedInSession
from bursar.runtime.actor import ActorKind
from bursar.runtime.context import Context
from bursar.runtime.pages import Page, PageRequest
from bursar.runtime.registry import operation


@operation(
    "identity.sign_out",
    scope="identity:write",
    http="POST /auth/logout",
    writes=True,
    status=200,
    tool=None,
    command=None,
)
async def sign_out(context: Context, body: Nothing) -> Nothing:
    """End the session this call was made with."""
    if context.actor.kind is not ActorKind.PERSON or context.actor.credential_id is None:
        raise Refused(
            "this call was not made with a session",
            hint="An API token is revoked, not signed out.",
        )
    await _end(context, SessionId(session_id=context.actor.credential_id))
    return body


@operation("identity.list_sessions", scope="identity:read", http="GET /auth/sessions", tool=None)
async def list_sessions(context: Context, body: PageRequest) -> Page[Session]:
    """List your running sessions in this workspace, newest first."""
    person_id = person_of(context.actor)
    rows = await context.session.scalars(
        store.newest_first(
            select(SignedInSession).where(
                SignedInSession.workspace_id == context.workspace_id,
                SignedInSession.person_id == person_id,
                SignedInSession.revoked_at.is_(None),
                SignedInSession.expires_at > context.clock.now(),
            ),
            SignedInSession.id,
            body,
        )
    )
    items = [
        Session(
            id=row.id,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            way=row.way,
            user_agent=row.user_agent,
            address=row.address,
            current=row.id == context.actor.credential_id,
        )
        for row in rows
    ]
    return store.page(items, body, lambda item: item.id)


@operation(
    "identity.end_session",
    scope="identity:write",
    http="DELETE /auth/sessions/{session_id}",
    writes=True,
    destructive=True,
    tool=None,
    positional=("session_id",),
)
async def end_session(context: Context, body: SessionId) -> Nothing:
    """End one of your sessions; it stops working within seconds everywhere."""
    await _end(context, body)
    return Nothing()


async def _end(context: Context, body: SessionId) -> None:
    ended = await context.session.scalar(
        update(SignedInSession)
        .where(
            SignedInSession.id == body.session_id,
            SignedInSession.workspace_id == context.workspace_id,
            SignedInSession.person_id == person_of(context.actor),
            SignedInSession.revoked_at.is_(None),
        )
        .values(revoked_at=context.clock.now())
        .returning(SignedInSession.id)
    )
    if ended is None:
        raise NotFound("there is no running session with this id", field="session_id")
    context.fact("identity.session_ended", ended)
