"""Column mappings: guessed with reasons, saved, and found again by the header, through the one door."""

from decimal import Decimal
from typing import Any

import pytest

from bursar.banking.models.mappings import MappingProposal
from bursar.core.errors import BursarError, InvalidInput
from bursar.interfaces.application import Application
from bursar.interfaces.invoke import Call, invoke
from bursar.runtime.actor import Source
from tests.banking import build
from tests.harness import Harness

pytestmark = pytest.mark.requirement("IMPORT.01")

ODD = "when;what;how much\n31.01.2025;Rent;-1.200,50\n28.02.2025;Pay;3.000,00\n"
MEANING = {"date": "when", "payee": "what", "amount": "how much", "account_id": "DE-1"}


async def call(harness: Harness, operation: str, body: dict[str, Any], **more: Any) -> Any:
    application = Application(harness.settings, harness.clock, harness.database)
    request = Call(operation, body, Source.REST, actor=harness.actor(), **more)
    return (await invoke(application, request)).document()


async def test_a_mapping_is_guessed_saved_and_found_by_its_header(harness: Harness) -> None:
    shown = await call(harness, "banking.guess_mapping", {"content": ODD})
    proposal = MappingProposal.model_validate(shown)
    assert proposal.header == ("when", "what", "how much")
    assert [column.sample[0] for column in proposal.columns] == ["31.01.2025", "Rent", "-1.200,50"]
    await call(
        harness,
        "banking.save_mapping",
        {"name": "my bank", "mapping": MEANING, "header": list(proposal.header)},
    )
    found = await call(harness, "banking.guess_mapping", {"content": ODD})
    assert found["saved_name"] == "my bank"
    done = await call(harness, "banking.import_statement", {"content": ODD}, dry_run=True)
    assert (done["added"], done["accounts"][0]["opened"]) == (2, True)
    assert await build.accounts(harness) == []
    done = await call(harness, "banking.import_statement", {"content": ODD})
    assert done["added"] == 2
    ((_, held),) = (await build.held(harness)).items()
    assert held == {"USD": Decimal("1799.50")}
    by_name = await call(
        harness, "banking.import_statement", {"content": ODD, "mapping_name": "my bank"}
    )
    assert (by_name["added"], by_name["duplicates"]) == (0, 2)
    listed = await call(harness, "banking.list_mappings", {})
    assert [item["name"] for item in listed["items"]] == ["my bank"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"mapping": {"date": "when", "colour": "what"}}, "mapping.colour"),
        ({"mapping": {"date": "nowhere", "amount": "how much"}}, "mapping"),
        ({"mapping_name": "none"}, "mapping_name"),
        ({"content_base64": "%%"}, "content_base64"),
    ],
)
async def test_a_wrong_request_names_its_field(
    harness: Harness, fields: dict[str, Any], field: str
) -> None:
    body = fields if "content_base64" in fields else {"content": ODD} | fields
    with pytest.raises(BursarError) as refusal:
        await call(harness, "banking.import_statement", body)
    assert refusal.value.field == field


async def test_neither_or_both_contents_are_refused(harness: Harness) -> None:
    for body in ({}, {"content": "a", "content_base64": "YQ=="}):
        with pytest.raises(InvalidInput, match="either content or content_base64"):
            await call(harness, "banking.import_statement", body)
