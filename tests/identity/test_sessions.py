"""Sessions end when they should: by hand, by time, by password, role or removal."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from bursar.core.errors import Forbidden, InvalidInput, NotFound, Refused, Unauthenticated
from bursar.core.ids import new_id
from bursar.identity.errors import TooManyAttempts
from tests.identity.build import PASSWORD, World, other_workspace


async def is_in(world: World, token: str) -> bool:
    try:
        await world.authenticate(token)
    except Unauthenticated:
        return False
    return True


@pytest.mark.requirement("AUTH.24")
async def test_sign_out_ends_this_session_only(world: World) -> None:
    first = await world.add("viewer")
    second = await world.call("identity.sign_in", username=first.username, password=PASSWORD)
    await world.call("identity.sign_out", first.token)
    assert not await is_in(world, first.token)
    assert await is_in(world, second.token)


async def test_session_ends_when_idle_and_at_its_end(world: World) -> None:
    viewer = await world.add("viewer")
    clock, settings = world.harness.clock, world.harness.settings
    clock.advance(timedelta(minutes=settings.session_idle_minutes - 1))
    assert await is_in(world, viewer.token)
    clock.advance(timedelta(minutes=settings.session_idle_minutes))
    assert not await is_in(world, viewer.token)
    other = await world.call("identity.sign_in", username=viewer.username, password=PASSWORD)
    for _ in range(settings.session_absolute_hours * 3):
        assert await is_in(world, other.token)
        clock.advance(timedelta(minutes=20))
    assert not await is_in(world, other.token)


async def test_use_is_written_at_most_once_a_minute(world: World) -> None:
    viewer = await world.add("viewer")
    query = "SELECT last_seen_at FROM session WHERE id = :id"
    opened = (await world.row(query, id=viewer.session_id)).last_seen_at
    world.harness.clock.advance(timedelta(seconds=59))
    await world.authenticate(viewer.token)
    assert (await world.row(query, id=viewer.session_id)).last_seen_at == opened
    world.harness.clock.advance(timedelta(seconds=1))
    await world.authenticate(viewer.token)
    seen = (await world.row(query, id=viewer.session_id)).last_seen_at
    assert seen == opened + timedelta(seconds=60)


@pytest.mark.requirement("AUTH.24")
async def test_list_and_end_own_sessions_only(world: World) -> None:
    viewer = await world.add("viewer")
    other = await world.add("viewer", "other")
    again = await world.call("identity.sign_in", username=viewer.username, password=PASSWORD)
    page = await world.call("identity.list_sessions", again.token, limit=1)
    assert [item.id for item in page.items] == [again.session_id]
    rest = await world.call("identity.list_sessions", again.token, cursor=page.next_cursor)
    assert [item.id for item in rest.items] == [viewer.session_id]
    assert rest.next_cursor is None
    answers = set()
    for stranger in (other.session_id, new_id()):
        with pytest.raises(NotFound) as caught:
            await world.call("identity.end_session", again.token, session_id=stranger)
        answers.add(str(caught.value.as_json()))
    assert len(answers) == 1
    assert await is_in(world, other.token)
    await world.call("identity.end_session", again.token, session_id=viewer.session_id)
    assert not await is_in(world, viewer.token)
    with pytest.raises(NotFound):
        await world.call("identity.end_session", again.token, session_id=viewer.session_id)


@pytest.mark.requirement("AUTH.24")
async def test_new_password_ends_every_other_session_and_open_link(world: World) -> None:
    here = await world.add("trader")
    there = await world.call("identity.sign_in", username=here.username, password=PASSWORD)
    link = await world.call(
        "identity.create_sign_in_link", world.owner_token, person_id=here.person_id
    )
    changed = await world.call(
        "identity.change_password",
        here.token,
        current_password=PASSWORD,
        new_password="another long one",
    )
    assert changed.sessions_ended == 1
    assert await is_in(world, here.token)
    assert not await is_in(world, there.token)
    with pytest.raises(Unauthenticated):
        await world.call("identity.use_sign_in_link", secret=link.secret)
    with pytest.raises(Unauthenticated):
        await world.call("identity.sign_in", username=here.username, password=PASSWORD)
    await world.call("identity.sign_in", username=here.username, password="another long one")


async def test_new_password_ends_sessions_of_other_workspaces(world: World) -> None:
    viewer = await world.add("viewer")
    workspace_id, _ = await other_workspace(world)
    await world.row(
        "INSERT INTO membership VALUES (:w, :p, 'viewer', :at, NULL)",
        w=workspace_id,
        p=viewer.person_id,
        at=world.harness.clock.now(),
    )
    elsewhere = await world.call(
        "identity.sign_in",
        username=viewer.username,
        password=PASSWORD,
        workspace_id=workspace_id,
    )
    assert (await world.authenticate(elsewhere.token)).workspace_id == workspace_id
    await world.call(
        "identity.change_password",
        viewer.token,
        current_password=PASSWORD,
        new_password="another long one",
    )
    assert not await is_in(world, elsewhere.token)


async def test_wrong_or_missing_current_password_changes_nothing_and_is_limited(
    world: World,
) -> None:
    viewer = await world.add("viewer")
    with pytest.raises(InvalidInput) as missing:
        await world.call("identity.change_password", viewer.token, new_password="something new")
    assert missing.value.field == "current_password"
    wrong = {"current_password": "not this one", "new_password": "something new"}
    for _ in range(5):
        with pytest.raises(InvalidInput):
            await world.call("identity.change_password", viewer.token, **wrong)
    with pytest.raises(TooManyAttempts):
        await world.call("identity.change_password", viewer.token, **wrong)


async def test_first_password_by_link_is_refused_to_members_of_several_workspaces(
    world: World,
) -> None:
    """Else an admin of one workspace could take the account over in the other."""
    workspace_id, _ = await other_workspace(world)
    await world.row(
        "INSERT INTO membership VALUES (:w, :p, 'viewer', :at, NULL)",
        w=workspace_id,
        p=world.start.person_id,
        at=world.harness.clock.now(),
    )
    with pytest.raises(Forbidden):
        await world.call("identity.change_password", world.owner_token, new_password=PASSWORD)


@pytest.mark.requirement("AUTH.24")
async def test_disabled_and_removed_people_are_out_at_once(world: World) -> None:
    disabled = await world.add("viewer", "disabled")
    removed = await world.add("viewer", "removed")
    await world.row(
        "UPDATE person SET disabled_at = created_at WHERE id = :id", id=disabled.person_id
    )
    await world.call("identity.remove_person", world.owner_token, person_id=removed.person_id)
    assert not await is_in(world, disabled.token)
    assert not await is_in(world, removed.token)


@pytest.mark.requirement("ARCH.08", "AUTH.24")
async def test_an_ended_membership_alone_shuts_every_credential_out(world: World) -> None:
    viewer = await world.add("viewer")
    made = await world.call(
        "identity.create_api_token", viewer.token, name="Script", scopes=["portfolio:read"]
    )
    await world.row(
        "UPDATE membership SET ended_at = created_at WHERE person_id = :id", id=viewer.person_id
    )
    assert not await is_in(world, viewer.token)
    assert not await is_in(world, made.token)


async def test_an_api_token_cannot_sign_out_or_change_account(world: World) -> None:
    assert world.start.api_token is not None
    token = world.start.api_token.get_secret_value()
    with pytest.raises(Refused):
        await world.call("identity.sign_out", token)
    with pytest.raises(Forbidden):
        await world.call("identity.change_password", token, new_password=PASSWORD)
    with pytest.raises(Forbidden):
        await world.call("identity.update_profile", token, display_name="Robot")


async def test_rows_are_confined_to_their_workspace(world: World) -> None:
    workspace_id, _ = await other_workspace(world)
    async with world.harness.database.transaction(workspace_id) as transaction:
        for table in ("session", "api_token", "sign_in_link", "invitation"):
            count = await transaction.session.scalar(text(f"SELECT count(*) FROM {table}"))
            assert count == 0, table
        assert await transaction.session.scalar(text("SELECT count(*) FROM membership")) == 1
