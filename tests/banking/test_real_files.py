"""The real OFX files end to end: what goes in, what the book then holds, and in again for nothing."""

from decimal import Decimal

import pytest

from bursar.banking.formats.problems import FormatError
from tests.banking import build
from tests.banking.formats.samples import REAL, real_file
from tests.harness import Harness

pytestmark = pytest.mark.requirement("IMPORT.01")

# file: activities added, and what each of its accounts then holds, in the order of the file
ACCEPTED: dict[str, tuple[int, list[dict[str, str]]]] = {
    "bank_medium.ofx": (3, [{"CAD": "382.34"}]),
    "checking.ofx": (3, [{"USD": "100.99"}]),
    "fidelity.ofx": (
        17,
        [
            {
                "USD": "18073.98",
                "SDRL": "128",
                "CLCT": "70.573",
                "HI": "115",
                "INTC": "100.911",
                "RHT": "50",
                "XIN": "390.909",
            }
        ],
    ),
    "investment_medium.ofx": (3, [{"CAD": "1.00", "USD": "-3.95"}]),
    "multiple_accounts.ofx": (0, [{"USD": "111"}, {"USD": "222"}]),
    "ofx-v102-empty-tags.ofx": (1, [{"AUD": "12.34"}]),
    "suncorp.ofx": (1, [{"AUD": "1234.12"}]),
    "td_ameritrade.ofx": (0, [{"AMZN": "1", "912810RW0": "1000"}]),
    "vanguard.ofx": (1, [{"USD": "4212.30", "VFINX": "244.2"}]),
}
REFUSED = {
    "bank_small.ofx": "the file holds no statement",
    "error_message.ofx": "2000: General Server Error",
    "signon_success.ofx": "Login successful",
}


def test_every_real_file_has_an_outcome() -> None:
    assert sorted([*ACCEPTED, *REFUSED]) == sorted(REAL)


@pytest.mark.parametrize("name", ACCEPTED)
async def test_accepted_once(harness: Harness, name: str) -> None:
    added, held = ACCEPTED[name]
    wanted = [{code: Decimal(text) for code, text in account.items()} for account in held]
    first = await build.import_bytes(harness, real_file(name), name)
    assert (first.added, first.duplicates, first.refused) == (added, 0, 0)
    assert first.differences == ()
    codes = {code for account in held for code in account if len(code) != 3}
    assert first.instruments_created >= len(codes)
    assert all(account.opened for account in first.accounts)
    assert [{b.code: b.after for b in a.balances if b.after} for a in first.accounts] == wanted
    again = await build.import_bytes(harness, real_file(name), name)
    assert (again.added, again.duplicates, again.refused) == (0, added, 0)
    assert (again.differences, again.instruments_created) == ((), 0)
    assert not any(account.opened or account.openings for account in again.accounts)
    assert [{b.code: b.after for b in a.balances if b.after} for a in again.accounts] == wanted
    assert [a.account_id for a in again.accounts] == [a.account_id for a in first.accounts]


@pytest.mark.parametrize("name", REFUSED)
async def test_refused_for_the_true_reason(harness: Harness, name: str) -> None:
    for partial in (False, True):
        with pytest.raises(FormatError, match=REFUSED[name]):
            await build.import_bytes(harness, real_file(name), name, partial=partial)
    assert await build.accounts(harness) == []
