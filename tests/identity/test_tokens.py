"""API tokens: shown once, no wider than their maker, gone when revoked, confined to a workspace."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bursar.core.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from bursar.core.ids import new_id
from bursar.identity.operations.credentials import credential_fingerprint
from bursar.runtime.actor import ActorKind
from tests.identity.build import World, other_workspace


async def make(world: World, maker: str, **body: object) -> object:
    body.setdefault("name", "Script")
    body.setdefault("scopes", ["portfolio:read"])
    return await world.call("identity.create_api_token", maker, **body)


async def refused(world: World, credential: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await world.authenticate(credential)
    return str(caught.value.as_json())


@pytest.mark.requirement("PORTAL.01")
async def test_secret_is_shown_once_and_stored_as_a_keyed_hash(world: World) -> None:
    made = await make(world, world.owner_token)
    assert made.token.startswith(f"{made.prefix}")
    assert made.token.startswith("bur_live_")
    actor = await world.authenticate(made.token)
    assert (actor.kind, actor.credential_id) == (ActorKind.TOKEN, made.id)
    assert actor.scopes == {"portfolio:read"}
    page = await world.call("identity.list_api_tokens", world.owner_token)
    shown = next(item for item in page.items if item.id == made.id)
    assert "token" not in shown.model_dump()
    assert made.token not in page.model_dump_json()
    row = await world.row(
        "SELECT digest, t::text AS all FROM api_token t WHERE id = :id", id=made.id
    )
    assert len(row.digest) == 32
    assert made.token.removeprefix(made.prefix)[:43] not in row.all


@pytest.mark.requirement("PORTAL.01")
async def test_token_expires_after_ninety_days_unless_told_otherwise(world: World) -> None:
    made = await make(world, world.owner_token)
    short = await make(world, world.owner_token, days=1)
    assert made.expires_at - made.created_at == timedelta(days=90)
    world.harness.clock.advance(timedelta(days=1))
    await refused(world, short.token)
    await world.authenticate(made.token)
    world.harness.clock.advance(timedelta(days=89))
    await refused(world, made.token)


@pytest.mark.requirement("PORTAL.03", "AUTH.07")
async def test_token_gets_at_most_the_scopes_of_its_maker(world: World) -> None:
    viewer = await world.add("viewer")
    await make(world, viewer.token, scopes=["portfolio:read", "identity:write"])
    with pytest.raises(Forbidden) as wider:
        await make(world, viewer.token, scopes=["portfolio:read", "ledger:write"])
    assert wider.value.details == {"missing": ["ledger:write"]}
    narrow = await make(world, world.owner_token, scopes=["identity:write", "market:write"])
    await make(world, narrow.token, scopes=["market:read"])
    with pytest.raises(Forbidden):
        await make(world, narrow.token, scopes=["ledger:read"])


@pytest.mark.requirement("PORTAL.03")
@pytest.mark.parametrize("scope", ["admin", "approve"])
async def test_rights_of_people_never_go_on_a_token(world: World, scope: str) -> None:
    with pytest.raises(InvalidInput, match="belongs to people"):
        await make(world, world.owner_token, scopes=[scope])
    made = await make(world, world.owner_token)
    with pytest.raises(IntegrityError, match="ck_api_token_scopes"):
        await world.row(
            "UPDATE api_token SET scopes = ARRAY[:scope] WHERE id = :id", scope=scope, id=made.id
        )


async def test_unknown_scope_is_refused_with_the_list(world: World) -> None:
    with pytest.raises(InvalidInput) as caught:
        await make(world, world.owner_token, scopes=["portfolio:reed"])
    assert caught.value.field == "scopes"
    assert "portfolio:read" in (caught.value.hint or "")


@pytest.mark.requirement("PORTAL.03", "AUTH.24")
async def test_token_loses_what_its_person_loses(world: World) -> None:
    trader = await world.add("trader")
    made = await make(world, trader.token, scopes=["ledger:write", "portfolio:read"])
    await world.call(
        "identity.change_role", world.owner_token, person_id=trader.person_id, role="viewer"
    )
    assert (await world.authenticate(made.token)).scopes == {"ledger:read", "portfolio:read"}
    await world.row(
        "UPDATE person SET disabled_at = created_at WHERE id = :id", id=trader.person_id
    )
    await refused(world, made.token)


@pytest.mark.requirement("PORTAL.02")
async def test_everything_wrong_with_a_token_gets_one_answer(world: World) -> None:
    made = await make(world, world.owner_token)
    other = await make(world, world.owner_token)
    revoked = await make(world, world.owner_token)
    await world.call("identity.revoke_api_token", world.owner_token, token_id=revoked.id)
    expired = await make(world, world.owner_token, days=1)
    world.harness.clock.advance(timedelta(days=1))
    swapped = made.token[:-1] + ("0" if made.token[-1] != "0" else "1")
    crossed = made.prefix + other.token.removeprefix(other.prefix)
    wrong = (revoked.token, expired.token, swapped, crossed, "", "bur_live_", "x" * 5000, "ü")
    assert len({await refused(world, credential) for credential in wrong}) == 1
    await world.authenticate(made.token)


@pytest.mark.requirement("PORTAL.02")
async def test_well_spelled_token_with_another_secret_is_refused(world: World) -> None:
    """The checksum is right and the id exists: only the secret decides."""
    from bursar.identity.calc.spelling import Credential, parse

    made = await make(world, world.owner_token)
    parsed = parse(made.token)
    assert parsed is not None
    forged = Credential(parsed.kind, parsed.public_id, "A" * 43).text()
    assert parse(forged) is not None
    await refused(world, forged)


@pytest.mark.requirement("PORTAL.02")
async def test_rotation_keeps_the_old_token_through_the_overlap(world: World) -> None:
    made = await make(world, world.owner_token, days=10)
    rotated = await world.call(
        "identity.rotate_api_token", world.owner_token, token_id=made.id, overlap_minutes=30
    )
    assert (rotated.name, rotated.scopes) == (made.name, made.scopes)
    assert rotated.expires_at - rotated.created_at == timedelta(days=10)
    await world.authenticate(made.token)
    world.harness.clock.advance(timedelta(minutes=30))
    await refused(world, made.token)
    await world.authenticate(rotated.token)


@pytest.mark.requirement("PORTAL.02")
async def test_rotation_without_overlap_ends_the_old_token_and_happens_once(world: World) -> None:
    made = await make(world, world.owner_token)

    async def rotate() -> object:
        try:
            return await world.call(
                "identity.rotate_api_token", world.owner_token, token_id=made.id, overlap_minutes=5
            )
        except Conflict:
            return None

    results = await asyncio.gather(*(rotate() for _ in range(4)))
    assert results.count(None) == 3
    second = next(result for result in results if result is not None)
    await world.call("identity.rotate_api_token", world.owner_token, token_id=second.id)
    await refused(world, second.token)


async def test_rotating_never_hands_over_more_than_the_caller_holds(world: World) -> None:
    strong = await make(world, world.owner_token, scopes=["ledger:write"])
    weak = await make(world, world.owner_token, scopes=["identity:write"])
    with pytest.raises(Forbidden):
        await world.call("identity.rotate_api_token", weak.token, token_id=strong.id)
    await world.authenticate(strong.token)


async def test_a_token_cannot_prolong_itself(world: World) -> None:
    maker = await make(world, world.owner_token, scopes=["identity:write"], days=5)
    child = await make(world, maker.token, scopes=["identity:read"], days=300)
    assert child.expires_at == maker.expires_at
    rotated = await world.call("identity.rotate_api_token", maker.token, token_id=maker.id)
    assert rotated.expires_at == maker.expires_at


@pytest.mark.requirement("ARCH.08")
async def test_tokens_of_others_answer_like_unknown_ids(world: World) -> None:
    viewer = await world.add("viewer")
    colleague = await make(world, world.owner_token)
    workspace_id, person_id = await other_workspace(world)
    foreign = new_id()
    await world.row(
        "INSERT INTO api_token SELECT :id, :w, 'zz' || left(public_id, 6), digest, name, scopes, :p,"
        " created_at, expires_at FROM api_token WHERE id = :from",
        id=foreign,
        w=workspace_id,
        p=person_id,
        **{"from": colleague.id},
    )
    for operation in ("identity.revoke_api_token", "identity.rotate_api_token"):
        answers = set()
        for token_id in (colleague.id, foreign, new_id()):
            with pytest.raises(NotFound) as caught:
                await world.call(operation, viewer.token, token_id=token_id)
            answers.add(str(caught.value.as_json()))
        assert len(answers) == 1
    with pytest.raises(NotFound):  # not even for an admin
        await world.call("identity.revoke_api_token", world.owner_token, token_id=foreign)


async def test_admins_see_and_revoke_all_tokens_of_the_workspace(world: World) -> None:
    viewer = await world.add("viewer")
    made = await make(world, viewer.token)
    mine = await world.call("identity.list_api_tokens", world.owner_token)
    assert made.id not in {item.id for item in mine.items}
    everyone = await world.call("identity.list_api_tokens", world.owner_token, everyone=True)
    assert made.id in {item.id for item in everyone.items}
    with pytest.raises(Forbidden):
        await world.call("identity.list_api_tokens", viewer.token, everyone=True)
    for _ in range(2):
        gone = await world.call("identity.revoke_api_token", world.owner_token, token_id=made.id)
        assert gone.revoked_at == world.harness.clock.now()
    await refused(world, made.token)


async def test_number_of_running_tokens_is_limited(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await world.add("viewer")
    monkeypatch.setattr("bursar.identity.operations.tokens.RUNNING_TOKENS_MAX", 2)
    first = await make(world, viewer.token)
    await make(world, viewer.token)
    with pytest.raises(Conflict, match="at most 2"):
        await make(world, viewer.token)
    await world.call("identity.revoke_api_token", viewer.token, token_id=first.id)
    await make(world, viewer.token)


async def test_last_use_is_written_at_most_once_a_minute(world: World) -> None:
    made = await make(world, world.owner_token)
    query = "SELECT last_used_at FROM api_token WHERE id = :id"
    start = world.harness.clock.now()
    seen = []
    for seconds in (0, 59, 1):
        world.harness.clock.advance(timedelta(seconds=seconds))
        await world.authenticate(made.token)
        seen.append((await world.row(query, id=made.id)).last_used_at - start)
    assert seen == [timedelta(0), timedelta(0), timedelta(seconds=60)]


def test_fingerprint_is_stable_and_takes_any_text() -> None:
    assert credential_fingerprint("a") == credential_fingerprint("a") != credential_fingerprint("b")
    assert len(credential_fingerprint("\ud800")) == 32
