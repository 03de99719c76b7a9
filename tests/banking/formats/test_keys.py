"""Keys: two equal coffees are two, a re-import and an overlap add nothing."""

import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.banking.formats.sniff import read
from bursar.banking.formats.statement import activity_keys, content_hash, merged_keys
from tests.banking.formats import samples

pytestmark = pytest.mark.requirement("IMPORT.01")


def bank(rows: list[tuple[date, str, str]]) -> bytes:
    lines = [f"{day.isoformat()},{amount},{payee}" for day, amount, payee in rows]
    return "\n".join(["Date,Amount,Payee", *lines]).encode()


def keys(data: bytes) -> tuple[str, ...]:
    return activity_keys(read(data)[0].accounts[0])


COFFEE = (date(2024, 1, 2), "-3.50", "Cafe")


def test_two_equal_coffees_are_two_and_importing_them_again_adds_none():
    once = keys(bank([COFFEE, COFFEE]))
    assert len(set(once)) == 2
    assert keys(bank([COFFEE, COFFEE])) == once
    assert set(keys(bank([COFFEE]))) < set(once)


rows = st.lists(
    st.tuples(
        st.dates(date(2024, 1, 1), date(2024, 1, 8)),
        st.sampled_from(["-3.50", "-4.00", "10.00"]),
        st.sampled_from(["Cafe", "Shop"]),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(
    rows,
    st.dates(date(2024, 1, 1), date(2024, 1, 8)),
    st.dates(date(2024, 1, 1), date(2024, 1, 8)),
    st.randoms(),
)
def test_overlapping_statements_share_keys_and_together_are_the_whole(
    all_rows, one, other, rng: random.Random
):
    first, last = min(one, other), max(one, other)
    early = [r for r in all_rows if r[0] <= last]
    late = [r for r in all_rows if r[0] >= first]
    rng.shuffle(late)
    whole = set(keys(bank(all_rows)))
    assert len(whole) == len(all_rows)
    parts = [set(keys(bank(part))) for part in (early, late) if part]
    assert set().union(*parts) == whole


def test_a_key_does_not_depend_on_line_category_or_trailing_zeros():
    account = read(bank([COFFEE]))[0].accounts[0]
    row = account.activities[0]
    same = row.model_copy(update={"line": 99, "category": "Food", "amount": row.amount * 10 / 10})
    assert content_hash(account, row, 0) == content_hash(account, same, 0)
    for change in ({"payee": "Bar"}, {"amount": row.amount + 1}, {"memo": "x"}):
        other = row.model_copy(update=change)
        assert content_hash(account, row, 0) != content_hash(account, other, 0)
    assert content_hash(account, row, 0) != content_hash(account, row, 1)


def test_an_id_that_the_bank_uses_twice_does_not_merge_two_movements():
    row = "<STMTTRN><DTPOSTED>20240102<TRNAMT>-{}<FITID>same</STMTTRN>\n"
    statement, problems = read(samples.ofx_bank(row.format(1) + row.format(2)))
    assert len(set(activity_keys(statement.accounts[0]))) == 2
    assert [p.code for p in problems] == ["repeated_id"]
    statement, problems = read(samples.ofx_bank(row.format(1) * 2))
    assert len(set(activity_keys(statement.accounts[0]))) == 1
    assert [p.code for p in problems] == ["repeated_id"]


@pytest.mark.parametrize("name", samples.ALL)
def test_reading_a_file_twice_adds_nothing(name):
    first, _ = read(samples.ALL[name], name)
    second, _ = read(samples.ALL[name], name)
    assert merged_keys(first.accounts) == merged_keys(second.accounts)
    count = sum(len(a.activities) for a in first.accounts)
    assert len(merged_keys(first.accounts)) == count
