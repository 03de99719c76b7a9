"""Show a result to a person: scalars as a list, lists as tables, series as sparklines."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

BARS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 60
COLUMNS_MAX = 9
CELL_MAX = 48
SERIES_MIN = 3
SERIES_VALUES = ("value", "close", "net_worth")
SERIES_DAYS = ("day", "date")


def show(document: Any, console: Console | None = None) -> None:
    """Print a result to standard output."""
    console = console or Console(highlight=False)
    if isinstance(document, list):
        _show_list("", document, console)
        return
    if not isinstance(document, dict):
        console.print(str(document))
        return
    if document.get("items") == []:
        console.print(Text("nothing here", style="dim"))
        return
    scalars = Table.grid(padding=(0, 2))
    for name, value in document.items():
        if name == "next_cursor" and value is None:
            continue
        text = cell(value)
        if text is not None:
            scalars.add_row(Text(label(name), style="dim"), Text(text))
    if scalars.row_count:
        console.print(scalars)
    for name, value in document.items():
        if cell(value) is not None:
            continue
        if isinstance(value, dict):
            _show_object(name, value, console)
        elif isinstance(value, list):
            _show_list(name, value, console)


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
    if isinstance(value, dict) and "value" in value and "reason" in value:
        if value["value"] is None:
            return f"- ({value['reason']})"
        unit = value.get("unit") or value.get("currency") or ""
        return f"{value['value']} {unit}".strip()
    if isinstance(value, list) and all(isinstance(v, str | int | float) for v in value):
        return ", ".join(map(str, value)) or "-"
    return None


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


def _show_object(name: str, value: dict[str, Any], console: Console) -> None:
    grid = Table.grid(padding=(0, 2))
    for key, part in value.items():
        grid.add_row(Text(f"  {label(key)}", style="dim"), Text(cell(part) or "…"))
    console.print(Text(label(name), style="bold"))
    console.print(grid)


def _show_list(name: str, rows: list[Any], console: Console) -> None:
    if not rows:
        if name:
            console.print(Text(f"{label(name)}: none", style="dim"))
        return
    if not isinstance(rows[0], dict):
        console.print(Text(f"{label(name)}: {', '.join(map(str, rows))}"))
        return
    _show_series(rows, console)
    columns = [key for key in rows[0] if any(cell(row.get(key)) is not None for row in rows)]
    table = Table(title=label(name) or None, title_justify="left", title_style="bold")
    for column in columns[:COLUMNS_MAX]:
        numbers = all(_is_number(cell(row.get(column)) or "") for row in rows)
        table.add_column(label(column), justify="right" if numbers else "left")
    for row in rows:
        table.add_row(*[Text((cell(row.get(c)) or "…")[:CELL_MAX]) for c in columns[:COLUMNS_MAX]])
    console.print(table)


def _show_series(rows: list[dict[str, Any]], console: Console) -> None:
    day = next((d for d in SERIES_DAYS if d in rows[0]), None)
    value = next((v for v in SERIES_VALUES if v in rows[0]), None)
    if day is None or value is None or len(rows) < SERIES_MIN:
        return
    numbers = [float(text) for row in rows if _is_number(text := cell(row[value]) or "")]
    if numbers:
        console.print(Text(sparkline(numbers), style="cyan"))


def _is_number(text: str) -> bool:
    head = text.partition(" ")[0]
    try:
        float(head)
    except ValueError:
        return head == "-"
    return True
