"""The database's own guards, the columns of the whole book, balances at any moment, and verify."""

import asyncio
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bursar.core.ids import new_id
from bursar.core.model import Nothing
from bursar.ledger.errors import AccountClosed, AccountExists, AccountNotEmpty
from bursar.ledger.models import (
    AccountChange,
    AccountReference,
    AccountsQuery,
    ActivityFilter,
    ActivityKind,
    AnnotateActivity,
    BalancesQuery,
)
from bursar.ledger.operations import accounts, activities, balances, book, search, verification
from bursar.ledger.store.accounts import BALANCE_AT
from bursar.runtime.database import Database, with_retry
from tests.harness import Harness
from tests.ledger import build

D = Decimal


async def post(harness, *items):
    async with harness.context() as context:
        return await activities.post_activities(context, items)


async def verified(harness: Harness) -> verification.Verification:
    async with harness.context(read_only=True) as context:
        return await verification.verify(context, Nothing())


def buy(account, day, instrument, quantity="1"):
    return build.activity(
        account.id,
        ActivityKind.BUY,
        build.moment(day),
        instrument=instrument,
        quantity=D(quantity),
        unit_price=D(10),
        fees=D(1),
    )


@pytest.mark.requirement("LEDGER.01")
@pytest.mark.parametrize("table", ["transfer_group", "transfer", "entry"])
async def test_the_book_is_append_only_even_for_its_owner(
    harness: Harness, test_database, table: str
) -> None:
    account = await build.open_account(harness)
    await post(harness, build.deposit(account.id, "1", build.moment(1)))
    owner = Database(test_database.owner_url, connections_max=1)
    for change in (f"UPDATE {table} SET workspace_id = workspace_id", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="never changed or removed"):
            async with owner.transaction(harness.workspace_id) as transaction:
                await transaction.session.execute(text(change))
    await owner.close()


@pytest.mark.requirement("LEDGER.01", "DB.02")
async def test_an_entry_without_its_counterpart_is_refused(harness: Harness) -> None:
    account = await build.open_account(harness)
    await post(harness, build.deposit(account.id, "1", build.moment(1)))
    lone = text(
        "INSERT INTO entry (workspace_id, transfer_id, balance_id, amount, balance_after,"
        " effective_at, late) SELECT workspace_id, id, credit_id, amount, 0, now(), false"
        " FROM transfer"
    )
    with pytest.raises(DBAPIError, match="two sides"):
        async with harness.context() as context:
            await context.session.execute(lone)


@pytest.mark.requirement("DB.05")
async def test_another_workspace_sees_nothing_and_cannot_post_here(
    harness: Harness, database: Database
) -> None:
    account = await build.open_account(harness)
    await post(harness, build.deposit(account.id, "1", build.moment(1)))
    async with database.transaction(new_id()) as transaction:
        for table in ("account", "balance", "transfer_group", "transfer", "entry", "tax_lot"):
            count = await transaction.session.scalar(text(f"SELECT count(*) FROM {table}"))
            assert count == 0, table
    other = Harness(database, harness.clock, home=harness.home)
    await other.create_workspace()
    with pytest.raises(Exception, match="there is no account"):
        await post(other, build.deposit(account.id, "1", build.moment(1)))
    async with harness.context(read_only=True) as context:
        ids = list(await context.session.scalars(text("SELECT id FROM balance")))
    with pytest.raises(DBAPIError, match="does not exist in this workspace"):
        async with other.context() as context:
            await context.session.execute(
                text("SELECT ledger_lock(:workspace, :ids)"),
                {"workspace": other.workspace_id, "ids": ids},
            )


@pytest.mark.requirement("LEDGER.05")
async def test_past_balances_count_back_dated_activities(harness: Harness) -> None:
    account = await build.open_account(harness)
    for day, amount in ((10, "100"), (20, "10"), (15, "1"), (5, "1000"), (25, "0.5")):
        await post(harness, build.deposit(account.id, amount, build.moment(day, 12)))
    expected = {4: 0, 5: 1000, 10: 1100, 14: 1100, 15: 1101, 20: 1111, 30: D("1111.5")}
    for day, amount in expected.items():
        async with harness.context(read_only=True) as context:
            report = await balances.get_balances(
                context, BalancesQuery(account_id=account.id, at=build.moment(day, 12))
            )
        assert sum(each.amount for each in report.accounts[0].balances) == amount, day


@pytest.mark.requirement("LEDGER.05", "DB.03")
async def test_the_balance_probe_uses_its_indexes(harness: Harness) -> None:
    account = await build.open_account(harness)
    many = [build.deposit(account.id, "1", build.moment(1 + n % 28, 1)) for n in range(2000)]
    await post(harness, *many)
    async with harness.context(read_only=True) as context:
        rows = await context.session.execute(
            text(
                "EXPLAIN SELECT moment.units FROM balance b "
                + BALANCE_AT
                + " WHERE b.account_id = :account"
            ),
            {"account": account.id, "at": build.moment(9)},
        )
    plan = "\n".join(row[0] for row in rows)
    assert "ix_entry_in_order" in plan
    assert "ix_entry_late" in plan
    assert "Seq Scan on entry" not in plan


@pytest.mark.requirement("LEDGER.01")
async def test_concurrent_postings_over_the_same_accounts_are_exact(harness: Harness) -> None:
    first = await build.open_account(harness, "A")
    second = await build.open_account(harness, "B")

    async def one(number: int) -> None:
        source, target = (first, second) if number % 2 else (second, first)

        async def attempt() -> None:
            await post(
                harness,
                build.activity(
                    source.id,
                    ActivityKind.TRANSFER_OUT,
                    build.moment(1 + number % 20),
                    amount=D("1.01"),
                    counter_account_id=target.id,
                ),
                build.deposit(target.id, "0.5", build.moment(3)),
            )

        await with_retry(attempt)

    await asyncio.gather(*(one(number) for number in range(40)))
    async with harness.context(read_only=True) as context:
        report = await balances.get_balances(context, BalancesQuery())
    assert sum(each.amount for row in report.accounts for each in row.balances) == D(20)
    assert (await verified(harness)).holds


@pytest.mark.requirement("LEDGER.03")
async def test_two_imports_racing_add_each_activity_once(harness: Harness) -> None:
    account = await build.open_account(harness)
    rows = [build.deposit(account.id, "1", build.moment(1), external_id=f"x{n}") for n in range(50)]
    answers = await asyncio.gather(
        *(with_retry(lambda: post(harness, *rows)) for _ in range(4)),
    )
    assert len({tuple(each.id for each in answer) for answer in answers}) == 1
    assert sum(each.duplicate_of is None for answer in answers for each in answer) == 50
    hashed = build.deposit(account.id, "1", build.moment(1), content_hash=b"same")
    answer = await post(harness, hashed, hashed)
    assert [each.duplicate_of for each in answer] == [None, answer[0].id]


@pytest.mark.requirement("LEDGER.05")
async def test_the_book_reads_in_columns_and_by_what_changed(harness: Harness) -> None:
    account, apple = await build.open_account(harness), build.instrument("WEI", exponent=18)
    await post(
        harness, build.deposit(account.id, "100", build.moment(1)), buy(account, 2, apple, "20")
    )
    async with harness.context(read_only=True) as context:
        full = await book.read_book(context)
    entries = full.entries
    assert not full.provisional
    assert entries.units.dtype == object
    assert [int(each) for each in entries.units] == [10000, -20000, 20 * 10**18, -100]
    assert np.allclose(entries.quantities, [100, -200, 20, -1])
    names = [full.commodities[each].code for each in entries.commodities]
    assert names == ["USD", "USD", "WEI", "USD"]
    assert [full.kinds[each] for each in entries.kinds] == ["deposit", "buy", "buy", "buy"]
    assert entries.days[0] == build.moment(1).toordinal()
    assert full.accounts[entries.accounts[0]].id == account.id
    (later,) = await post(harness, build.deposit(account.id, "7", build.moment(1)))
    async with harness.context(read_only=True) as context:
        new = await book.read_book(context, since=full.snapshot)
    assert [new.groups.id(place) for place in range(len(new.groups.ids))] == [later.id]
    assert [int(each) for each in new.entries.units] == [700]
    async with harness.context(read_only=True) as context:
        assert len((await book.read_book(context, since=new.snapshot)).entries.units) == 0
    async with harness.context(dry_run=True) as context:
        await activities.post_activities(context, [build.deposit(account.id, "1", build.moment(2))])
        inside = await book.read_book(context, since=new.snapshot)
    assert inside.provisional
    assert [int(each) for each in inside.entries.units] == [100]


@pytest.mark.requirement("LEDGER.01")
async def test_verify_finds_a_forged_balance(harness: Harness) -> None:
    account, apple = await build.open_account(harness), build.instrument()
    await post(harness, build.deposit(account.id, "100", build.moment(1)), buy(account, 2, apple))
    clean = await verified(harness)
    assert clean.holds
    assert {each.id for each in clean.invariants} >= {"I1", "I2", "I3", "I4", "I5", "I8", "I12"}
    async with harness.context() as context:
        await context.session.execute(
            text("UPDATE balance SET credits_posted = credits_posted + 1 WHERE account_id = :id"),
            {"id": account.id},
        )
    broken = {each.id: each for each in (await verified(harness)).invariants if each.differences}
    assert {"I2", "I3"} <= broken.keys()
    assert broken["I3"].offenders


@pytest.mark.requirement("LEDGER.01")
async def test_accounts_are_listed_changed_and_closed(harness: Harness) -> None:
    account = await build.open_account(harness, "Zulu", institution="Bank", external_id="1")
    await build.open_account(harness, "Alpha")
    with pytest.raises(AccountExists):
        await build.open_account(harness, "Twin", institution="Bank", external_id="1")
    await post(
        harness, build.activity(account.id, ActivityKind.WITHDRAWAL, build.moment(1), amount=D(5))
    )
    async with harness.context() as context:
        first = await accounts.list_accounts(context, AccountsQuery(limit=1))
        second = await accounts.list_accounts(
            context, AccountsQuery(limit=1, cursor=first.next_cursor)
        )
        names = [row.name for row in (*first.items, *second.items)]
        assert names == ["Alpha", "Zulu"]
        assert second.items[0].balances[0].amount == D("-5.00")
        assert second.next_cursor is None
        with pytest.raises(AccountNotEmpty, match="negative"):
            await accounts.change_account(
                context, AccountChange(account_id=account.id, no_overdraft=True)
            )
    with pytest.raises(AccountNotEmpty, match="USD"):
        async with harness.context() as context:
            await accounts.close_account(context, AccountReference(account_id=account.id))
    await post(harness, build.deposit(account.id, "5", build.moment(2)))
    async with harness.context() as context:
        changed = await accounts.change_account(
            context, AccountChange(account_id=account.id, no_overdraft=True, name="Yankee")
        )
        closed = await accounts.close_account(context, AccountReference(account_id=account.id))
    assert (changed.name, closed.closed_at) == ("Yankee", harness.clock.now())
    with pytest.raises(AccountClosed):
        await post(harness, build.deposit(account.id, "5", build.moment(2, year=2027)))


@pytest.mark.requirement("LEDGER.01", "DB.11")
async def test_search_pages_filters_and_shows_annotations(harness: Harness) -> None:
    account = await build.open_account(harness)
    rows = [
        build.deposit(account.id, str(n), build.moment(n), payee=f"Shop {n}%") for n in range(1, 6)
    ]
    posted = await post(harness, *rows)
    async with harness.context() as context:
        await activities.reverse_activity(context, posted[4].id, "wrong")
        await search.annotate_activity(
            context, AnnotateActivity(activity_id=posted[0].id, note="birthday", tags=("gift",))
        )
        page = await activities.search_activities(context, ActivityFilter(), limit=3)
        rest = await activities.search_activities(
            context, ActivityFilter(), limit=3, cursor=page.next_cursor
        )
        found = await activities.search_activities(
            context,
            ActivityFilter(
                text="BIRTH",
                account_ids=(account.id,),
                kinds=(ActivityKind.DEPOSIT,),
                amount_max=D(1),
                from_at=build.moment(1),
            ),
        )
        none = await activities.search_activities(context, ActivityFilter(text="Shop_"))
        everything = await activities.search_activities(context, ActivityFilter(with_reversed=True))
    assert [row.amount for row in (*page.items, *rest.items)] == [D(4), D(3), D(2), D(1)]
    assert rest.next_cursor is None
    assert [(row.note, row.tags) for row in found.items] == [("birthday", ("gift",))]
    assert none.items == ()
    assert len(everything.items) == 6
