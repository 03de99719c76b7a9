"""Signing in: one answer for everything wrong, links that work once, waits that grow."""

import asyncio
import statistics
import time
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from bursar.core.errors import BursarError, Unauthenticated
from bursar.identity import hashing
from bursar.identity.errors import TooManyAttempts, WrongSignIn
from bursar.runtime.actor import ActorKind, Client
from bursar.runtime.context import NetworkInTransactionError
from tests.identity.build import PASSWORD, World

HOME = Client("203.0.113.7", "Browser/1.0\nforged: line")


@pytest.mark.requirement("AUTH.01", "AUTH.02")
async def test_password_gives_a_bearer_token_that_opens_the_profile(world: World) -> None:
    joined = await world.add("analyst")
    signed_in = await world.call(
        "identity.sign_in", username=joined.username.upper(), password=PASSWORD, client=HOME
    )
    assert signed_in.token_type == "bearer"
    assert signed_in.workspace_id == world.start.workspace_id
    me = await world.call("identity.get_me", signed_in.token)
    assert me.username == joined.username
    assert me.roles == ("analyst",)
    assert "hash" not in me.model_dump_json()
    assert signed_in.token != joined.token
    with pytest.raises(Unauthenticated):
        await world.call("identity.get_me")


@pytest.mark.requirement("AUTH.01")
async def test_email_signs_in_too(world: World) -> None:
    email = f"Ann.{world.tag}@Example.org"
    await world.call("identity.update_profile", world.owner_token, email=email)
    await world.call("identity.change_password", world.owner_token, new_password=PASSWORD)
    signed_in = await world.call("identity.sign_in", username=email, password=PASSWORD)
    assert signed_in.username == world.start.username


async def refusal(world: World, **body: object) -> BursarError:
    with pytest.raises(WrongSignIn) as caught:
        await world.call("identity.sign_in", **body)
    return caught.value


@pytest.mark.requirement("AUTH.01")
async def test_every_wrong_sign_in_gets_the_same_answer(world: World) -> None:
    viewer = await world.add("viewer")
    disabled = await world.add("viewer", "disabled")
    removed = await world.add("viewer", "removed")
    await world.row(
        "UPDATE person SET disabled_at = created_at WHERE id = :id", id=disabled.person_id
    )
    await world.call("identity.remove_person", world.owner_token, person_id=removed.person_id)
    refusals = [
        await refusal(world, username=f"nobody-{world.tag}", password=PASSWORD),
        await refusal(world, username=viewer.username, password="wrong password"),
        await refusal(world, username=world.start.username, password=PASSWORD),  # has none
        await refusal(world, username=disabled.username, password=PASSWORD),
        await refusal(world, username=removed.username, password=PASSWORD),
        await refusal(
            world,
            username=viewer.username,
            password=PASSWORD,
            workspace_id=world.harness.workspace_id,
        ),
    ]
    assert len({str(error.as_json()) for error in refusals}) == 1


@pytest.mark.requirement("AUTH.01")
async def test_unknown_accounts_take_as_long_as_known_ones(world: World, real_argon2: None) -> None:
    """Medians of a few tries; without the stand-in hash the unknown one would be ~20 times faster."""
    viewer = await world.add("viewer")
    times: dict[str, list[float]] = {viewer.username: [], f"nobody-{world.tag}": []}
    for _ in range(4):
        for username, taken in times.items():
            begun = time.perf_counter()
            await refusal(world, username=username, password="wrong password")
            taken.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.4 < unknown / known < 2.5


async def test_stored_password_is_salted_argon2_and_renewed_when_outdated(
    world: World, real_argon2: None
) -> None:
    viewer = await world.add("viewer")
    other = await world.add("viewer", "other")
    query = "SELECT hash FROM password WHERE person_id = :id"
    stored = (await world.row(query, id=viewer.person_id)).hash
    assert stored.startswith("$argon2id$")
    assert stored != (await world.row(query, id=other.person_id)).hash
    weak = "$argon2id$v=19$m=1024,t=1,p=1$"
    import argon2

    old = argon2.PasswordHasher(1, 1024, 1).hash(PASSWORD)
    assert old.startswith(weak)
    await world.row(
        "UPDATE password SET hash = :hash WHERE person_id = :id", hash=old, id=viewer.person_id
    )
    await world.call("identity.sign_in", username=viewer.username, password=PASSWORD)
    assert not (await world.row(query, id=viewer.person_id)).hash.startswith(weak)


def test_stand_in_hash_has_the_present_parameters(real_argon2: None) -> None:
    assert not hashing._argon2.current_hasher.check_needs_rehash(hashing.UNKNOWN_ACCOUNT_HASH)
    assert hashing._threads._max_workers == hashing.ARGON2_THREADS_MAX


@pytest.mark.parametrize("operation", ["identity.sign_in", "identity.register"])
async def test_oversized_password_is_refused_before_hashing(world: World, operation: str) -> None:
    with pytest.raises(ValidationError, match="at most 1024 bytes"):
        await world.call(operation, username="somebody", password="€" * 342)


async def test_argon2_refuses_to_run_inside_a_transaction(world: World) -> None:
    async with world.harness.context():
        with pytest.raises(NetworkInTransactionError):
            await hashing.hash_password(PASSWORD)


@pytest.mark.requirement("AUTH.18", "AUTH.22", "SEC.03")
async def test_failures_of_one_account_wait_longer_each_time_even_for_the_right_password(
    world: World,
) -> None:
    viewer = await world.add("viewer")
    waits = []
    for _ in range(5):
        await refusal(world, username=viewer.username, password="wrong password")
    for _ in range(3):
        with pytest.raises(TooManyAttempts) as caught:
            await world.call("identity.sign_in", username=viewer.username, password=PASSWORD)
        assert caught.value.status == 429
        waits.append(caught.value.retry_after_seconds or 0)
        world.harness.clock.advance(timedelta(seconds=waits[-1]))
        await refusal(world, username=viewer.username, password="wrong password")
    assert waits == [2, 4, 8]
    world.harness.clock.advance(timedelta(seconds=16))
    await world.call("identity.sign_in", username=viewer.username, password=PASSWORD)
    await refusal(world, username=viewer.username, password="wrong password")  # counts anew


@pytest.mark.requirement("AUTH.18", "SEC.03")
async def test_unknown_account_is_blocked_like_a_known_one(world: World) -> None:
    for _ in range(5):
        await refusal(world, username=f"nobody-{world.tag}", password="wrong password")
    with pytest.raises(TooManyAttempts) as caught:
        await world.call("identity.sign_in", username=f"nobody-{world.tag}", password=PASSWORD)
    assert caught.value.retry_after_seconds == 2


@pytest.mark.requirement("AUTH.18", "SEC.03")
async def test_guesses_at_the_same_time_all_count(world: World) -> None:
    viewer = await world.add("viewer")

    async def guess() -> str:
        try:
            await world.call("identity.sign_in", username=viewer.username, password="wrong one")
        except BursarError as error:
            return error.code
        return "in"

    answers = await asyncio.gather(*(guess() for _ in range(12)))
    assert answers.count("wrong_sign_in") == 5
    assert answers.count("too_many_attempts") == 7


@pytest.mark.requirement("SEC.03")
async def test_burst_from_one_network_is_blocked_while_others_pass(world: World) -> None:
    viewer = await world.add("viewer")
    network = f"2001:db8:{world.tag[:4]}:{world.tag[4:8]}"
    with pytest.raises(TooManyAttempts):
        for number in range(31):
            with pytest.raises(WrongSignIn):
                await world.call(
                    "identity.use_sign_in_link",
                    secret="bur_link_wrong",
                    client=Client(f"{network}::{number:x}"),
                )
    again = {"username": viewer.username, "password": PASSWORD}
    with pytest.raises(TooManyAttempts):
        await world.call("identity.sign_in", client=Client(f"{network}::ffff"), **again)
    await world.call("identity.sign_in", client=Client("2001:db8:ffff::1"), **again)


async def test_link_works_once_for_one_of_many_at_the_same_time(world: World) -> None:
    viewer = await world.add("viewer")
    link = await world.call(
        "identity.create_sign_in_link", world.owner_token, person_id=viewer.person_id
    )

    async def use() -> ActorKind | None:
        try:
            signed_in = await world.call("identity.use_sign_in_link", secret=link.secret)
        except WrongSignIn:
            return None
        return (await world.authenticate(signed_in.token)).kind

    outcomes = await asyncio.gather(*(use() for _ in range(8)))
    assert outcomes.count(ActorKind.PERSON) == 1
    assert outcomes.count(None) == 7


async def test_link_expires_and_a_newer_one_ends_it(world: World) -> None:
    viewer = await world.add("viewer")
    ask = {"person_id": viewer.person_id, "hours": 1}
    first = await world.call("identity.create_sign_in_link", world.owner_token, **ask)
    second = await world.call("identity.create_sign_in_link", world.owner_token, **ask)
    with pytest.raises(WrongSignIn) as replaced:
        await world.call("identity.use_sign_in_link", secret=first.secret)
    world.harness.clock.advance(timedelta(hours=1))
    with pytest.raises(WrongSignIn) as expired:
        await world.call("identity.use_sign_in_link", secret=second.secret)
    with pytest.raises(WrongSignIn) as unknown:
        await world.call("identity.use_sign_in_link", secret="bur_link_x")
    answers = {str(e.value.as_json()) for e in (replaced, expired, unknown)}
    assert len(answers) == 1


async def test_no_secret_reaches_facts_or_tables(world: World) -> None:
    viewer = await world.add("viewer")
    signed_in = await world.call(
        "identity.sign_in", username=viewer.username, password=PASSWORD, client=HOME
    )
    written = repr(world.facts)
    assert "identity.signed_in" in written
    for secret in (PASSWORD, signed_in.token, viewer.token, world.owner_token):
        assert secret not in written
    tables = ("session", "sign_in_link", "invitation", "api_token", "password", "sign_in_attempt")
    async with world.harness.database.transaction(world.start.workspace_id) as transaction:
        for table in tables:
            rows = await transaction.session.execute(text(f"SELECT t::text FROM {table} t"))
            stored = " ".join(rows.scalars())
            assert PASSWORD not in stored
            assert signed_in.token[-30:] not in stored


async def test_client_description_is_kept_short_and_on_one_line(world: World) -> None:
    viewer = await world.add("viewer")
    client = Client("203.0.113.7", "A\nB" + "x" * 1000)
    signed_in = await world.call(
        "identity.sign_in", username=viewer.username, password=PASSWORD, client=client
    )
    page = await world.call("identity.list_sessions", signed_in.token)
    shown = next(item for item in page.items if item.current)
    assert shown.user_agent.startswith("A B")
    assert len(shown.user_agent) == 300
    assert shown.address == "203.0.113.7"


@pytest.mark.requirement("AUTH.22")
async def test_right_password_of_a_disabled_account_counts_as_a_failure(world: World) -> None:
    """Else a guesser would learn it from the missing wait."""
    viewer = await world.add("viewer")
    await world.row(
        "UPDATE person SET disabled_at = created_at WHERE id = :id", id=viewer.person_id
    )
    for _ in range(5):
        await refusal(world, username=viewer.username, password=PASSWORD)
    with pytest.raises(TooManyAttempts):
        await world.call("identity.sign_in", username=viewer.username, password=PASSWORD)
