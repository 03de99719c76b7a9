"""Show a result to a person: scalars as a list, lists as tables, series as sparklines.

Numbers arrive as exact strings and are only dressed here: money gets its separators and currency,
ratios become percent. Ids are for programs, so they are shown only where there is room.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

BARS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 60
CELL_MAX = 40
SERIES_MIN = 3
SERIES_VALUES = ("value", "close", "net_worth")
SERIES_DAYS = ("day", "date")
WIDTH_WITHOUT_TERMINAL = 110
WIDTH_FOR_IDS = 140
COLUMNS_MAX = 10
ROWS_MAX = 1_000
RATIOS = frozenset({"ratio", "ratio_per_year"})
# What a person looks for first; the rest is in --json.
VIEWS: dict[str, tuple[str, ...]] = {
    "ledger.list_accounts": ("name", "kind", "currency", "institution", "balances", "id"),
    "ledger.get_balances": ("name", "balances"),
    "ledger.list_lots": ("code", "acquired_on", "remaining", "remaining_cost", "currency", "lot_id"),
    "portfolio.positions": (
        "name", "account", "quantity", "price", "price_day", "value", "weight", "cost",
        "unrealised_gain",
    ),
    "payments.list_payments": (
        "created_at", "status", "amount", "currency", "on_hold", "refunded", "payer_account_name",
        "payee_account_name", "payee_name", "reference",
    ),
    "ledger.get_account_statement": (
        "at", "kind", "payee", "memo", "category", "amount", "balance",
    ),
    "banking.search_transactions": (
        "effective_at", "kind", "account", "name", "payee", "quantity", "cash_change", "currency",
        "category",
    ),
}  # fmt: skip
# Tables inside the rows of a list, with their columns.
INSIDE: dict[str, dict[str, tuple[str, ...]]] = {
    "portfolio.positions": {
        "returns": (
            "name", "account", "twr", "twr_local", "currency_effect_rate", "gain",
            "currency_effect",
        ),
        "lots": (
            "name", "account", "acquired_on", "quantity", "cost", "fees", "currency",
            "report_cost", "long_term_from",
        ),
    }
}  # fmt: skip
# Tables inside an object, with their columns.
PARTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("completeness", "lots"): ("name", "code", "transaction_id"),
    ("completeness", "price_gaps"): (
        "name", "problem", "first_day", "last_day", "days", "price_day"
    ),
    ("completeness", "rate_gaps"): (
        "currency", "problem", "first_day", "last_day", "days", "rate_day"
    ),
}  # fmt: skip
SHARES = ("weight", "current_weight", "drift", "volatility", "risk_share", "mean_return", "cumulative",
          "depth", "target", "implied")  # fmt: skip
HIDDEN = frozenset({"definition", "reason_text", "next_cursor", "observations"})


def show(document: Any, console: Console | None = None, *, operation: str = "") -> None:
    """Print a result to standard output; `operation` chooses the columns of its list."""
    view = VIEWS.get(operation, ())
    if console is None:
        console = Console(highlight=False)
        if not console.is_terminal:
            console = Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)
    if isinstance(document, list):
        _show_list("", document, console)
        return
    if not isinstance(document, dict):
        console.print(Text(str(document)))
        return
    if document.get("items") == []:
        console.print(Text("nothing here", style="dim"))
        return
    _show_scalars(document, console)
    for name, value in document.items():
        if name in HIDDEN or cell(value) is not None:
            continue
        if isinstance(value, dict):
            _show_object(name, value, console)
        elif isinstance(value, list):
            is_main = name == "items"
            _show_list("" if is_main else name, value, console, view if is_main else ())
            for inner, columns in INSIDE.get(operation, {}).items() if is_main else ():
                _show_inside(inner, value, console, columns)


def _show_inside(
    name: str, items: list[dict[str, Any]], console: Console, columns: tuple[str, ...]
) -> None:
    """Show what the rows of a list hold themselves as one table, each with its row's name."""
    rows = [
        {"name": item.get("name"), "account": item.get("account")} | part
        for item in items
        for part in (item.get(name) if isinstance(item.get(name), list) else [item.get(name)]) or ()
        if isinstance(part, dict)
    ]
    if rows:
        _show_list(name, rows, console, columns)


def label(name: str) -> str:
    """Return a field's name as words."""
    return name.replace("_", " ")


def cell(value: Any) -> str | None:
    """Return a scalar or a figure as text; None for what needs a table."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if is_figure(value):
        return figure(value)
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return f"{grouped(str(value['amount']))} {value['currency']}"
    if isinstance(value, list) and all(isinstance(v, str | int | float) for v in value):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, list) and all(
        isinstance(v, dict) and {"code", "amount"} <= v.keys() for v in value
    ):
        return ", ".join(f"{trimmed(str(v.get('amount', '')))} {v['code']}" for v in value)
    return None


def is_figure(value: Any) -> bool:
    """Tell whether a value is a figure: a number or the reason why there is none."""
    return isinstance(value, dict) and "value" in value and "reason" in value


def figure(value: dict[str, Any]) -> str:
    """Return a figure's value with its unit, or the reason why there is none."""
    if value["value"] is None:
        return f"- ({label(str(value['reason']))})"
    text, unit = str(value["value"]), value.get("unit")
    if unit in RATIOS:
        return percent(text)
    if unit == "money":
        return f"{grouped(text)} {value.get('currency') or ''}".strip()
    if unit == "quantity":
        return trimmed(text)
    if unit == "number":
        return rounded(text)
    return f"{text} {unit}" if unit == "days" else text


def rounded(text: str) -> str:
    """Return a plain number with two places."""
    try:
        return f"{Decimal(text):.2f}"
    except InvalidOperation:
        return text


def percent(text: str) -> str:
    """Return a ratio as percent with two places."""
    try:
        return f"{Decimal(text) * 100:.2f} %"
    except InvalidOperation:
        return text


def grouped(text: str) -> str:
    """Return a decimal with thousands separators, all its places kept."""
    try:
        return f"{Decimal(text):,f}"
    except InvalidOperation:
        return text


def trimmed(text: str) -> str:
    """Return a decimal without the zeros that say nothing."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def sparkline(values: list[float], width: int = SPARK_WIDTH) -> str:
    """Draw a series as one line of bars, at most `width` wide."""
    if not values:
        return ""
    if len(values) > width:
        step = len(values) / width
        values = [values[min(int((i + 1) * step) - 1, len(values) - 1)] for i in range(width)]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(BARS[round((v - low) / span * (len(BARS) - 1))] for v in values)


def _show_scalars(document: dict[str, Any], console: Console) -> None:
    grid = Table.grid(padding=(0, 2))
    for name, value in document.items():
        text = None if name in HIDDEN or value == [] else cell(value)
        if text is not None and isinstance(value, str):
            text = _named(name, value)
        if text is not None:
            grid.add_row(Text(label(name), style="dim"), Text(text))
    if grid.row_count:
        console.print(grid)


def _show_object(name: str, value: dict[str, Any], console: Console) -> None:
    console.print(Text(label(name), style="bold"))
    inner = {key: part for key, part in value.items() if key not in HIDDEN}
    _show_scalars(inner, console)
    for key, part in inner.items():
        if cell(part) is not None:
            continue
        if isinstance(part, dict):
            _show_object(key, part, console)
        else:
            _show_list(key, part, console, PARTS.get((name, key), ()))


def _show_list(name: str, rows: list[Any], console: Console, view: tuple[str, ...] = ()) -> None:
    if not isinstance(rows[0], dict):
        console.print(Text(f"{label(name)}: {', '.join(map(str, rows))}"))
        return
    if is_figure(rows[0]):
        grid = Table.grid(padding=(0, 2))
        for row in rows:
            grid.add_row(Text(f"  {row.get('definition', '')}", style="dim"), Text(figure(row)))
        console.print(Text(label(name), style="bold"))
        console.print(grid)
        return
    _show_series(rows, console)
    texts = [{key: _named(key, value) for key, value in row.items()} for row in rows[:ROWS_MAX]]
    columns = [c for c in view if c in texts[0]]
    columns = columns or _columns(texts, ids=console.width >= WIDTH_FOR_IDS)
    table = Table(
        title=label(name) or None,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
    )
    for column in columns:
        numbers = all(_is_number(row.get(column) or "-") for row in texts)
        table.add_column(
            label(column),
            justify="right" if numbers else "left",
            no_wrap=numbers,
            header_style="dim",
        )
    for row in texts:
        table.add_row(*[Text((row.get(column) or "-")[:CELL_MAX]) for column in columns])
    console.print(table)


def _named(name: str, value: Any) -> str | None:
    """Return a field as text; plain decimals that are ratios by their name become percent."""
    if isinstance(value, str) and name.rpartition(".")[2].startswith(SHARES):
        return percent(value)
    return _cell_or_count(value)


def _cell_or_count(value: Any) -> str | None:
    text = cell(value)
    if text is None and isinstance(value, list):
        return f"{len(value)} rows"
    return text


def _columns(texts: list[dict[str, str | None]], *, ids: bool) -> list[str]:
    """Choose what says something: no empty columns, and ids only where there is room."""
    names = [key for key in texts[0] if key not in HIDDEN]
    telling = [n for n in names if any(row.get(n) not in (None, "-", "") for row in texts)]
    own = [n for n in telling if n == "id" or n.endswith("_id")]
    others = [n for n in telling if n not in own]
    return (others[:COLUMNS_MAX] + (own[:1] if ids else [])) or own


def _show_series(rows: list[dict[str, Any]], console: Console) -> None:
    day = next((d for d in SERIES_DAYS if d in rows[0]), None)
    value = next((v for v in SERIES_VALUES if v in rows[0]), None)
    if day is None or value is None or len(rows) < SERIES_MIN:
        return
    numbers = [n for row in rows if (n := _number(row[value])) is not None]
    if numbers:
        console.print(Text(sparkline(numbers), style="cyan"))


def _number(value: Any) -> float | None:
    if isinstance(value, dict):
        value = value.get("value")
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _is_number(text: str) -> bool:
    head = text.replace(",", "").partition(" ")[0]
    return head == "-" or _number(head) is not None
