"""Who may join and change whom: the invariant of an owner, the reach of roles, invitations."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import ValidationError

from bursar.core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from bursar.core.ids import new_id
from bursar.identity.calc.roles import Role
from bursar.identity.errors import WrongSignIn
from bursar.runtime.database import EVERY_WORKSPACE
from bursar.runtime.registry import operations
from tests.harness import Harness
from tests.identity.build import PASSWORD, World, other_workspace

ADMIN_CALLS = {
    "identity.list_people": {},
    "identity.invite_person": {"role": "viewer"},
    "identity.create_sign_in_link": {"person_id": new_id()},
    "identity.change_role": {"person_id": new_id(), "role": "viewer"},
    "identity.remove_person": {"person_id": new_id()},
    "identity.change_workspace": {"name": "Other"},
}


@pytest.mark.requirement("AUTH.07")
@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.OWNER, Role.ADMIN}])
async def test_only_owners_and_admins_manage(world: World, role: Role) -> None:
    joined = await world.add(role)
    for name, body in ADMIN_CALLS.items():
        with pytest.raises(Forbidden):
            await world.call(name, joined.token, **body)


def test_every_operation_about_others_needs_admin() -> None:
    named = {name for name, op in operations().items() if op.scope == "admin"}
    assert {n for n in named if n.startswith("identity.")} == set(ADMIN_CALLS)
    unscoped = {n for n, op in operations().items() if op.scope is None}
    assert unscoped >= {"identity.sign_in", "identity.use_sign_in_link", "identity.register"}
    assert {n for n in unscoped if n.startswith("identity.")} == {
        "identity.sign_in",
        "identity.use_sign_in_link",
        "identity.register",
    }


def test_what_hands_out_a_secret_is_no_tool() -> None:
    secret_fields = {"token", "secret"}
    for name, op in operations().items():
        if secret_fields & set(op.output_model.model_fields):
            assert op.tool is None, name


@pytest.mark.requirement("AUTH.13")
async def test_invited_person_registers_once_with_the_given_role(world: World) -> None:
    invitation = await world.call("identity.invite_person", world.owner_token, role="trader")

    async def join(number: int) -> object:
        try:
            return await world.call(
                "identity.register",
                invitation=invitation.secret,
                username=f"j{number}-{world.tag}",
                password=PASSWORD,
                display_name="Jo",
            )
        except WrongSignIn:
            return None

    results = await asyncio.gather(*(join(number) for number in range(4)))
    assert results.count(None) == 3
    joined = next(result for result in results if result is not None)
    assert joined.role is Role.TRADER
    assert joined.workspace_id == world.start.workspace_id
    page = await world.call("identity.list_people", world.owner_token)
    assert {member.role for member in page.items} == {Role.OWNER, Role.TRADER}


@pytest.mark.requirement("AUTH.13")
async def test_registration_is_closed_to_strangers(world: World) -> None:
    body = {"username": f"x-{world.tag}", "password": PASSWORD}
    with pytest.raises(Forbidden, match="by invitation"):
        await world.call("identity.register", **body)
    with pytest.raises(WrongSignIn):
        await world.call("identity.register", invitation="bur_invite_x", **body)
    invitation = await world.call(
        "identity.invite_person", world.owner_token, role="viewer", hours=1
    )
    world.harness.clock.advance(timedelta(hours=1))
    with pytest.raises(WrongSignIn):
        await world.call("identity.register", invitation=invitation.secret, **body)


@pytest.mark.requirement("AUTH.13")
async def test_taken_name_or_address_is_refused_and_spends_no_invitation(world: World) -> None:
    email = f"a-{world.tag}@example.org"
    await world.call("identity.update_profile", world.owner_token, email=email)
    invitation = await world.call("identity.invite_person", world.owner_token, role="viewer")
    base = {"invitation": invitation.secret, "password": PASSWORD}
    with pytest.raises(Conflict) as name:
        await world.call("identity.register", username=world.start.username.upper(), **base)
    assert name.value.field == "username"
    fresh = f"fresh-{world.tag}"
    with pytest.raises(Conflict) as address:
        await world.call("identity.register", username=fresh, email=email.upper(), **base)
    assert address.value.field == "email"
    await world.call("identity.register", username=fresh, **base)


async def test_invitation_for_an_address_is_for_that_address(world: World) -> None:
    email = f"b-{world.tag}@example.org"
    invitation = await world.call(
        "identity.invite_person", world.owner_token, role="viewer", email=email
    )
    body = {"invitation": invitation.secret, "username": f"b-{world.tag}", "password": PASSWORD}
    with pytest.raises(Conflict):
        await world.call("identity.register", email="else@example.org", **body)
    joined = await world.call("identity.register", **body)
    assert (await world.call("identity.get_me", joined.token)).email == email


@pytest.mark.requirement("AUTH.13")
@pytest.mark.parametrize(
    "body",
    [
        {"username": "a@b"},
        {"username": ""},
        {"username": "x" * 65},
        {"username": "_x"},
        {"password": "short"},
        {"email": "no address"},
        {"base_currency": "euro"},
        {"display_name": "  "},
    ],
)
async def test_weak_or_malformed_registration_is_refused(
    world: World, body: dict[str, str]
) -> None:
    good = {"username": "someone", "password": PASSWORD}
    with pytest.raises(ValidationError) as caught:
        await world.call("identity.register", **(good | body))
    assert PASSWORD not in str(caught.value)


@pytest.mark.requirement("ARCH.08", "AUTH.13")
async def test_first_person_of_a_server_becomes_owner_once(harness: Harness) -> None:
    from sqlalchemy import text

    async with harness.database.transaction(EVERY_WORKSPACE) as transaction:
        await transaction.session.execute(text("UPDATE membership SET ended_at = created_at"))
    world = World(harness, None, "")  # type: ignore[arg-type]

    async def first(number: int) -> object:
        try:
            return await world.call(
                "identity.register",
                username=f"f{number}-{world.tag}",
                password=PASSWORD,
                workspace_name="Firm",
                base_currency="CHF",
            )
        except Forbidden:
            return None

    results = await asyncio.gather(*(first(number) for number in range(3)))
    assert results.count(None) == 2
    owner = next(result for result in results if result is not None)
    assert owner.role is Role.OWNER
    shown = await world.call("identity.get_workspace", owner.token)
    assert (shown.name, shown.base_currency) == ("Firm", "CHF")


async def test_a_workspace_keeps_an_owner(world: World) -> None:
    alone = {"person_id": world.start.person_id}
    with pytest.raises(Conflict, match="at least one owner"):
        await world.call("identity.change_role", world.owner_token, role="admin", **alone)
    with pytest.raises(Conflict, match="at least one owner"):
        await world.call("identity.remove_person", world.owner_token, **alone)
    second = await world.add("owner", "second")

    async def step_down(token: str, person_id: object) -> bool:
        try:
            await world.call("identity.change_role", token, person_id=person_id, role="viewer")
        except Conflict:
            return False
        return True

    outcomes = await asyncio.gather(
        step_down(world.owner_token, world.start.person_id),
        step_down(second.token, second.person_id),
    )
    assert sorted(outcomes) == [False, True]


async def test_an_admin_does_not_reach_owners(world: World) -> None:
    admin = await world.add("admin")
    owner = {"person_id": world.start.person_id}
    for name, body in (
        ("identity.change_role", {"role": "viewer", **owner}),
        ("identity.remove_person", owner),
        ("identity.create_sign_in_link", owner),
        ("identity.invite_person", {"role": "owner"}),
        ("identity.change_role", {"role": "owner", "person_id": admin.person_id}),
    ):
        with pytest.raises(Forbidden, match="cannot act on"):
            await world.call(name, admin.token, **body)
    viewer = await world.add("viewer")
    changed = await world.call(
        "identity.change_role", admin.token, person_id=viewer.person_id, role="analyst"
    )
    assert changed.role is Role.ANALYST
    assert "portfolio:write" in (await world.authenticate(viewer.token)).scopes


async def test_invitations_end_with_the_role_that_gave_them(world: World) -> None:
    admin = await world.add("admin")
    invitation = await world.call("identity.invite_person", admin.token, role="admin")
    await world.call(
        "identity.change_role", world.owner_token, person_id=admin.person_id, role="viewer"
    )
    with pytest.raises(WrongSignIn):
        await world.call(
            "identity.register",
            invitation=invitation.secret,
            username=f"late-{world.tag}",
            password=PASSWORD,
        )


@pytest.mark.requirement("ARCH.08")
async def test_people_of_another_workspace_answer_like_unknown_ids(world: World) -> None:
    _, stranger = await other_workspace(world)
    for name, body in ADMIN_CALLS.items():
        if "person_id" not in body:
            continue
        answers = set()
        for person_id in (stranger, new_id()):
            with pytest.raises(NotFound) as caught:
                await world.call(name, world.owner_token, **(body | {"person_id": person_id}))
            answers.add(str(caught.value.as_json()))
        assert len(answers) == 1, name
    page = await world.call("identity.list_people", world.owner_token)
    assert [member.person_id for member in page.items] == [world.start.person_id]


@pytest.mark.requirement("AUTH.13")
async def test_profile_and_workspace_changes_persist(world: World) -> None:
    email = f"c-{world.tag}@example.org"
    await world.call(
        "identity.update_profile", world.owner_token, email=email, display_name="  Ann Owner "
    )
    me = await world.call("identity.get_me", world.owner_token)
    assert (me.email, me.display_name) == (email, "Ann Owner")
    await world.call("identity.change_workspace", world.owner_token, base_currency="GBP")
    shown = await world.call("identity.get_workspace", world.owner_token)
    assert (shown.name, shown.base_currency) == ("Home", "GBP")
    with pytest.raises(ValidationError, match="give a name or a base_currency"):
        await world.call("identity.change_workspace", world.owner_token)
    viewer = await world.add("viewer")
    with pytest.raises(Conflict):
        await world.call("identity.update_profile", viewer.token, email=email)


async def test_disabled_person_gets_no_link(world: World) -> None:
    viewer = await world.add("viewer")
    await world.row(
        "UPDATE person SET disabled_at = created_at WHERE id = :id", id=viewer.person_id
    )
    with pytest.raises(Conflict):
        await world.call(
            "identity.create_sign_in_link", world.owner_token, person_id=viewer.person_id
        )
    with pytest.raises(Unauthenticated):
        await world.call("identity.sign_in", username=viewer.username, password=PASSWORD)


async def test_a_removed_person_is_gone_from_the_workspace(world: World) -> None:
    viewer = await world.add("viewer")
    person = {"person_id": viewer.person_id}
    await world.call("identity.remove_person", world.owner_token, **person)
    page = await world.call("identity.list_people", world.owner_token)
    assert viewer.person_id not in {member.person_id for member in page.items}
    for name, body in (
        ("identity.remove_person", person),
        ("identity.change_role", person | {"role": "admin"}),
        ("identity.create_sign_in_link", person),
    ):
        with pytest.raises(NotFound):
            await world.call(name, world.owner_token, **body)
