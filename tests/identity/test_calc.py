"""The pure rules: spelling of credentials, roles, waits."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.identity.calc.roles import (
    PEOPLE_ONLY,
    SCOPES_OF_ROLE,
    Role,
    covers,
    effective_scopes,
    may_act_on,
    uncovered,
)
from bursar.identity.calc.spelling import (
    ALPHABET,
    ID_CHARACTERS,
    SECRET_CHARACTERS,
    Credential,
    CredentialKind,
    parse,
)
from bursar.identity.calc.waiting import WAIT_SECONDS_MAX, network_of, wait_seconds
from bursar.identity.hashing import new_credential
from bursar.runtime.actor import PEOPLE_SCOPES, SCOPES, Actor, ActorKind


def words(length: int) -> st.SearchStrategy[str]:
    return st.text(ALPHABET, min_size=length, max_size=length)


credentials = st.builds(
    lambda kind, public_id, secret: Credential(
        kind, public_id if kind is CredentialKind.API_TOKEN else "", secret
    ),
    st.sampled_from(CredentialKind),
    words(ID_CHARACTERS),
    words(SECRET_CHARACTERS),
)


@pytest.mark.requirement("PORTAL.01")
@given(credentials)
def test_what_is_spelled_is_read_back(credential: Credential) -> None:
    assert parse(credential.text()) == credential
    assert credential.secret not in repr(credential)


@given(credentials, st.data())
def test_one_wrong_character_is_always_noticed(credential: Credential, data: st.DataObject) -> None:
    text = credential.text()
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.characters(exclude_characters=text[place]))
    assert parse(text[:place] + wrong + text[place + 1 :]) is None


@given(credentials, st.data())
def test_swapped_and_missing_characters_are_noticed(
    credential: Credential, data: st.DataObject
) -> None:
    text = credential.text()
    place = data.draw(st.integers(0, len(text) - 2))
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    assert swapped == text or parse(swapped) is None
    assert parse(text[:place] + text[place + 1 :]) is None


@given(st.text(max_size=300))
def test_any_text_is_refused_without_an_error(text: str) -> None:
    assert parse(text) is None
    assert parse(f"bur_live_{text}") is None


def test_fresh_credentials_differ_and_parse() -> None:
    for kind in CredentialKind:
        made = {new_credential(kind).text() for _ in range(50)}
        assert len(made) == 50
        assert all(parse(text) is not None for text in made)
        assert all(set(text) <= set(string.ascii_letters + string.digits + "_") for text in made)


@pytest.mark.requirement("AUTH.07")
def test_role_table() -> None:
    """The reviewed snapshot: whoever changes a role's rights changes this too."""
    read = (
        "banking:read developer:read identity:read identity:write ledger:read market:read"
        " payments:read portfolio:read"
    )
    write = "banking:write ledger:write market:write portfolio:write"
    expected = {
        "owner": f"{read} {write} payments:write audit:read developer:write admin approve",
        "admin": f"{read} {write} payments:write audit:read developer:write admin approve",
        "trader": f"{read} {write} approve",
        "analyst": f"{read} market:write portfolio:write",
        "developer": f"{read} developer:write",
        "auditor": f"{read} audit:read",
        "viewer": read,
    }
    assert {role.value: " ".join(sorted(s)) for role, s in SCOPES_OF_ROLE.items()} == {
        role: " ".join(sorted(text.split())) for role, text in expected.items()
    }


def test_role_table_and_scope_list_agree() -> None:
    assert set(SCOPES_OF_ROLE) == set(Role)
    assert SCOPES_OF_ROLE[Role.OWNER] == SCOPES
    assert PEOPLE_ONLY == PEOPLE_SCOPES
    assert all(scopes <= SCOPES for scopes in SCOPES_OF_ROLE.values())


@pytest.mark.requirement("AUTH.07", "PORTAL.03")
@given(st.sampled_from(Role), st.frozensets(st.sampled_from(sorted(SCOPES))))
def test_token_never_exceeds_role_or_its_own_scopes(role: Role, asked: frozenset[str]) -> None:
    effective = effective_scopes(role, asked)
    person = Actor(ActorKind.PERSON, scopes=SCOPES_OF_ROLE[role])
    token = Actor(ActorKind.TOKEN, scopes=asked)
    actor = Actor(ActorKind.TOKEN, scopes=effective)
    for scope in SCOPES - PEOPLE_SCOPES:
        assert actor.may(scope) == (person.may(scope) and token.may(scope)), scope
    assert not effective & PEOPLE_SCOPES


@given(st.frozensets(st.sampled_from(sorted(SCOPES))), st.sampled_from(sorted(SCOPES)))
def test_covering_is_what_the_actor_may(held: frozenset[str], wanted: str) -> None:
    assert covers(held, wanted) == Actor(ActorKind.PERSON, scopes=held).may(wanted)
    assert uncovered(held, [wanted]) == ([] if covers(held, wanted) else [wanted])


@given(st.sampled_from(Role), st.sampled_from(Role))
def test_nobody_grants_more_than_they_have(actor: Role, other: Role) -> None:
    if may_act_on(actor, other):
        assert SCOPES_OF_ROLE[other] <= SCOPES_OF_ROLE[actor]
        assert other is not Role.OWNER or actor is Role.OWNER


@pytest.mark.requirement("AUTH.18")
@given(st.integers(0, 10_000))
def test_waits_start_after_the_free_failures_and_never_shrink(failures: int) -> None:
    assert wait_seconds(failures, 5) <= wait_seconds(failures + 1, 5) <= WAIT_SECONDS_MAX
    assert (wait_seconds(failures, 5) == 0) == (failures < 5)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", ""),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert network_of(address) == network
