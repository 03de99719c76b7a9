"""The first start makes one owner, whatever happens at the same time; later ones only add a link."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bursar.core.clock import FixedClock
from bursar.core.errors import Unauthenticated
from bursar.identity.operations.bootstrap import Bootstrap, ensure_owner
from bursar.identity.operations.credentials import authenticate
from bursar.runtime.actor import READ_SCOPES, WRITE_SCOPES, ActorKind
from bursar.runtime.database import EVERY_WORKSPACE, Database
from tests.harness import TEST_MOMENT, Harness


@pytest.fixture
async def install(harness: Harness) -> Harness:
    """An installation without people: their ownerships end, since rows are never removed."""
    async with harness.database.transaction(EVERY_WORKSPACE) as transaction:
        await transaction.session.execute(text("UPDATE membership SET ended_at = created_at"))
    return harness


async def start(harness: Harness, **more: str | None) -> Bootstrap:
    return await ensure_owner(
        harness.database,
        harness.settings,
        harness.clock,
        workspace_name="Home",
        base_currency="EUR",
        username=f"owner-{harness.workspace_id.hex}",
        **more,
    )


@pytest.mark.requirement("ARCH.08")
async def test_first_start_makes_an_owner_whose_token_works(install: Harness) -> None:
    made = await start(install)
    assert made.owner_created
    assert isinstance(made.api_token, SecretStr)
    actor = await authenticate(
        install.database, install.settings, install.clock, made.api_token.get_secret_value()
    )
    assert actor.kind is ActorKind.TOKEN
    assert actor.workspace_id == made.workspace_id
    assert actor.user_id == made.person_id
    assert actor.scopes == READ_SCOPES | WRITE_SCOPES


@pytest.mark.requirement("ARCH.08")
async def test_restart_keeps_owner_and_token_and_makes_a_fresh_link(install: Harness) -> None:
    first = await start(install)
    assert first.api_token is not None
    kept = first.api_token.get_secret_value()
    again = await start(install, api_token=kept)
    assert not again.owner_created
    assert (again.workspace_id, again.person_id) == (first.workspace_id, first.person_id)
    assert again.api_token is None
    assert again.sign_in_link != first.sign_in_link
    await authenticate(install.database, install.settings, install.clock, kept)


async def test_token_near_its_end_is_renewed_and_the_old_one_ends(install: Harness) -> None:
    first = await start(install)
    assert first.api_token is not None
    kept = first.api_token.get_secret_value()
    install.clock.advance(timedelta(days=80))
    again = await start(install, api_token=kept)
    assert again.api_token is not None
    await authenticate(
        install.database, install.settings, install.clock, again.api_token.get_secret_value()
    )
    with pytest.raises(Unauthenticated):
        await authenticate(install.database, install.settings, install.clock, kept)


@pytest.mark.requirement("ARCH.08")
async def test_two_starts_at_once_make_one_owner(install: Harness) -> None:
    results = await asyncio.gather(*(start(install) for _ in range(5)))
    assert [r.owner_created for r in results].count(True) == 1
    assert len({r.workspace_id for r in results}) == 1


async def test_nothing_secret_in_repr_or_journal(install: Harness) -> None:
    made = await start(install)
    assert made.api_token is not None
    secrets = [made.api_token.get_secret_value(), made.sign_in_link.get_secret_value()]
    async with install.database.transaction(made.workspace_id, read_only=True) as transaction:
        rows = await transaction.session.execute(text("SELECT facts::text FROM journal"))
        written = " ".join(rows.scalars())
    assert "identity.owner_created" in written
    for secret in secrets:
        assert secret not in repr(made)
        assert secret[-20:] not in written


async def test_another_home_cannot_use_the_token(
    install: Harness, database: Database, tmp_path: Path
) -> None:
    """The pepper is the installation's: a copied database alone opens nothing."""
    made = await start(install)
    assert made.api_token is not None
    stranger = Harness(database, FixedClock(TEST_MOMENT), home=tmp_path / "other")
    with pytest.raises(Unauthenticated):
        await authenticate(
            database, stranger.settings, stranger.clock, made.api_token.get_secret_value()
        )
