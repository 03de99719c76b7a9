"""Queries about people: their memberships, roles and passwords."""

import datetime as dt
import uuid

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bursar.core.errors import Conflict
from bursar.core.ids import new_id
from bursar.identity.calc.roles import Role
from bursar.identity.tables import Membership, Password, Person, Workspace

FIRST_OWNER_LOCK = 0x6F776E65  # "owne": two first starts at once make one owner


async def lock_first_owner(session: AsyncSession) -> None:
    """Let one transaction at a time decide whether the first owner is still to be made."""
    await session.execute(text(f"SELECT pg_advisory_xact_lock({FIRST_OWNER_LOCK})"))


async def find_first_owner(
    session: AsyncSession, username: str
) -> tuple[Person, Membership] | None:
    """Return the owner with this user name, else the earliest owner there is, if any."""
    row = (
        await session.execute(
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .where(
                Membership.role == Role.OWNER.value,
                Membership.ended_at.is_(None),
                Person.disabled_at.is_(None),
            )
            .order_by(func.lower(Person.username) != username.lower(), Membership.created_at)
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else (row.Person, row.Membership)


async def find_login(session: AsyncSession, login: str) -> tuple[Person | None, str | None]:
    """Return the person behind a user name or e-mail, and their password hash."""
    wanted = login.strip().lower()
    row = (
        await session.execute(
            select(Person, Password.hash)
            .outerjoin(Password, Password.person_id == Person.id)
            .where(or_(func.lower(Person.username) == wanted, func.lower(Person.email) == wanted))
        )
    ).one_or_none()
    return (None, None) if row is None else (row.Person, row.hash)


async def find_workspaces(session: AsyncSession, person_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the workspaces of a person, the first joined first; needs the border lifted."""
    rows = await session.scalars(
        select(Membership.workspace_id)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
        .order_by(Membership.created_at, Membership.workspace_id)
        .limit(1000)
    )
    return list(rows)


async def find_member(
    session: AsyncSession, workspace_id: uuid.UUID, person_id: uuid.UUID
) -> tuple[Person, Membership] | None:
    """Return a person and their running membership in the workspace."""
    row = (
        await session.execute(
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .where(
                Membership.workspace_id == workspace_id,
                Membership.person_id == person_id,
                Membership.ended_at.is_(None),
            )
        )
    ).one_or_none()
    return None if row is None else (row.Person, row.Membership)


async def lock_workspace(session: AsyncSession, workspace_id: uuid.UUID) -> Workspace | None:
    """Return the workspace's row, locked: changes of roles happen one after the other."""
    return await session.get(Workspace, workspace_id, with_for_update=True)


async def find_workspace(session: AsyncSession, workspace_id: uuid.UUID) -> Workspace | None:
    """Return a workspace."""
    return await session.scalar(select(Workspace).where(Workspace.id == workspace_id))


async def count_owners(session: AsyncSession, workspace_id: uuid.UUID) -> int:
    """Return how many people own the workspace now."""
    counted = await session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.workspace_id == workspace_id,
            Membership.role == Role.OWNER.value,
            Membership.ended_at.is_(None),
            Person.disabled_at.is_(None),
        )
    )
    return counted or 0


async def is_email_taken(
    session: AsyncSession, email: str, *, other_than: uuid.UUID | None = None
) -> bool:
    """Tell whether another person has this e-mail address."""
    query = select(Person.id).where(func.lower(Person.email) == email.lower())
    if other_than is not None:
        query = query.where(Person.id != other_than)
    return await session.scalar(query) is not None


async def add_person(
    session: AsyncSession, *, username: str, display_name: str, email: str | None, now: dt.datetime
) -> Person:
    """Add a person; raise Conflict, naming the field, when the user name or e-mail is taken."""
    person_id = await session.scalar(
        insert(Person)
        .values(
            id=new_id(),
            username=username.lower(),
            email=email.lower() if email else None,
            display_name=display_name,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Person.id)
    )
    if person_id is None:
        if email is not None and await is_email_taken(session, email):
            raise Conflict("this e-mail address is in use", field="email")
        raise Conflict("this user name is taken", field="username")
    return await session.get_one(Person, person_id)


async def find_password(session: AsyncSession, person_id: uuid.UUID) -> str | None:
    """Return a person's password hash."""
    return await session.scalar(select(Password.hash).where(Password.person_id == person_id))


async def has_password(session: AsyncSession, person_id: uuid.UUID) -> bool:
    """Tell whether a person chose a password."""
    found = await session.scalar(select(Password.person_id).where(Password.person_id == person_id))
    return found is not None


async def put_password(
    session: AsyncSession, person_id: uuid.UUID, password_hash: str, now: dt.datetime
) -> None:
    """Store a person's password hash, replacing the one before."""
    row = insert(Password).values(person_id=person_id, hash=password_hash, changed_at=now)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[Password.person_id],
            set_={"hash": row.excluded.hash, "changed_at": row.excluded.changed_at},
        )
    )


async def replace_password(
    session: AsyncSession,
    person_id: uuid.UUID,
    before: str | None,
    password_hash: str,
    *,
    now: dt.datetime,
) -> bool:
    """Store a new hash in place of `before` (None: there is none yet); False when that changed."""
    if before is None:
        first = insert(Password).values(person_id=person_id, hash=password_hash, changed_at=now)
        added = first.on_conflict_do_nothing().returning(Password.person_id)
        return await session.scalar(added) is not None
    changed = (
        update(Password)
        .where(Password.person_id == person_id, Password.hash == before)
        .values(hash=password_hash, changed_at=now)
        .returning(Password.person_id)
    )
    return await session.scalar(changed) is not None
