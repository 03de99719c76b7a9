"""Through the real door: what the journal keeps of signing in, and what it never holds."""

import pytest
from sqlalchemy import text

from bursar.core.errors import Forbidden
from bursar.identity.errors import WrongSignIn
from bursar.identity.operations.credentials import CUTS_RIGHTS
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import Answer, Call, invoke
from bursar.runtime.actor import Client, Source
from bursar.runtime.database import EVERY_WORKSPACE
from tests.identity.build import PASSWORD, World

WRONG = "a wrong password to look for"


async def through_invoke(world: World, operation: str, request_id: str, **body: object) -> Answer:
    credential = body.pop("credential", None)
    h = world.harness
    call = Call(
        operation,
        body,
        Source.REST,
        credential=None if credential is None else str(credential),
        request_id=request_id,
        client=Client("203.0.113.9", "Browser"),
    )
    return await invoke(Application(h.settings, h.clock, h.database), call)


async def journal_of(world: World, request_id: str) -> list[tuple[object, ...]]:
    async with world.harness.database.transaction(EVERY_WORKSPACE, read_only=True) as transaction:
        rows = await transaction.session.execute(
            text(
                "SELECT workspace_id, user_id, operation, outcome, error_code, facts::text"
                " FROM journal WHERE request_id = :id"
            ),
            {"id": request_id},
        )
        return [tuple(row) for row in rows]


@pytest.mark.requirement("AUTH.01")
async def test_sign_in_is_journaled_in_the_workspace_and_refusals_without_one(
    world: World,
) -> None:
    trader = await world.add("trader")
    good, bad = f"good-{world.tag}", f"bad-{world.tag}"
    answer = await through_invoke(
        world, "identity.sign_in", good, username=trader.username, password=PASSWORD
    )
    assert answer.status == 200
    with pytest.raises(WrongSignIn):
        await through_invoke(
            world, "identity.sign_in", bad, username=trader.username, password=WRONG
        )
    (row,) = await journal_of(world, good)
    assert row[:4] == (
        world.start.workspace_id,
        trader.person_id,
        "identity.sign_in",
        "done",
    )
    assert "identity.signed_in" in str(row[5])
    (refused,) = await journal_of(world, bad)
    assert refused[:5] == (None, None, "identity.sign_in", "refused", "wrong_sign_in")
    token = answer.document()["token"]
    for secret in (PASSWORD, WRONG, token, token[12:40]):
        assert secret not in str(row) + str(refused)


@pytest.mark.requirement("AUTH.07", "AUTH.08")
async def test_lacking_scope_is_refused_and_journaled(world: World) -> None:
    viewer = await world.add("viewer")
    request_id = f"scope-{world.tag}"
    with pytest.raises(Forbidden):
        await through_invoke(
            world,
            "identity.change_workspace",
            request_id,
            credential=viewer.token,
            name="Mine now",
        )
    (row,) = await journal_of(world, request_id)
    assert row[:5] == (
        world.start.workspace_id,
        viewer.person_id,
        "identity.change_workspace",
        "refused",
        "forbidden",
    )


async def test_facts_that_cut_rights_are_named(world: World) -> None:
    """Whoever keeps checked actors forgets them after these facts; a renamed fact shows here."""
    first = await world.add("trader", "first")
    second = await world.call("identity.sign_in", username=first.username, password=PASSWORD)
    token = await world.call(
        "identity.create_api_token", first.token, name="Script", scopes=["portfolio:read"]
    )
    rotated = await world.call("identity.rotate_api_token", first.token, token_id=token.id)
    await world.call("identity.revoke_api_token", first.token, token_id=rotated.id)
    await world.call("identity.end_session", first.token, session_id=second.session_id)
    await world.call(
        "identity.change_password",
        first.token,
        current_password=PASSWORD,
        new_password="another long one",
    )
    person = {"person_id": first.person_id}
    await world.call("identity.change_role", world.owner_token, role="viewer", **person)
    await world.call("identity.remove_person", world.owner_token, **person)
    assert {fact.kind for fact in world.facts} >= CUTS_RIGHTS
