"""What a person sees: tables, figures with units, percent, sparklines, and no ids in the way."""

import io

import pytest
from rich.console import Console

from bursar.interfaces.cli.render import cell, show, sparkline

FIGURE = {
    "id": "twr.v1~all~2021-12-28..2022-12-28~USD",
    "definition": "twr.v1",
    "value": "-0.0558961700692",
    "reason": None,
    "unit": "ratio",
    "currency": None,
}


def shown(document: object, operation: str = "") -> str:
    stream = io.StringIO()
    show(document, Console(file=stream, width=110, highlight=False), operation=operation)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "-"),
        (True, "yes"),
        ("12.30", "12.30"),
        (FIGURE, "-5.59 %"),
        ({**FIGURE, "value": "1234567.80", "unit": "money", "currency": "USD"}, "1,234,567.80 USD"),
        ({**FIGURE, "value": "70.57300000", "unit": "quantity"}, "70.573"),
        ({**FIGURE, "value": None, "reason": "no_capital"}, "- (no capital)"),
        ([{"code": "USD", "amount": "4212.30"}], "4212.3 USD"),
        ([{"name": "a table"}], None),
    ],
)
def test_a_value_is_shown_with_its_unit_or_its_reason(value: object, expected: str | None) -> None:
    assert cell(value) == expected


def test_a_list_of_figures_names_each_definition() -> None:
    text = shown({"returns": [FIGURE, {**FIGURE, "definition": "xirr.v1", "value": "0.05"}]})
    assert "twr.v1" in text
    assert "xirr.v1" in text
    assert "5.00 %" in text


@pytest.mark.requirement("CLI.02")
def test_a_history_has_a_sparkline_and_its_rows() -> None:
    rows = [
        {"day": f"2022-12-0{n}", "value": {**FIGURE, "value": str(n), "unit": "money"}}
        for n in (1, 2, 3)
    ]
    text = shown({"items": rows})
    assert "▁" in text
    assert "█" in text
    assert "2022-12-02" in text


def test_a_page_shows_what_the_operation_is_about_and_an_empty_one_says_so() -> None:
    row = {"id": "x" * 36, "name": "Brokerage", "kind": "brokerage", "currency": "USD",
           "institution": None, "tax_wrapper": "taxable", "balances": []}  # fmt: skip
    text = shown({"items": [row], "next_cursor": None}, "ledger.list_accounts")
    assert "Brokerage" in text
    assert "taxable" not in text
    assert shown({"items": [], "next_cursor": None}).strip() == "nothing here"


def test_ratios_by_name_become_percent() -> None:
    assert "14.35 %" in shown({"items": [{"name": "JNJ", "weight": "0.143478"}]})


def test_a_sparkline_spans_low_to_high_and_keeps_its_width() -> None:
    assert sparkline([1.0, 2.0]) == "▁█"
    assert len(sparkline([float(n) for n in range(1000)])) == 60
    assert sparkline([]) == ""
