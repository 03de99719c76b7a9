"""QIF text to records: `!Type:` and `!Account` headers, one-letter fields, `^` ends a record."""

from dataclasses import dataclass, field

from bursar.banking.formats.problems import ProblemLog, refusal
from bursar.banking.formats.statement import ROWS_MAX

_FIELDS_MAX = 10_000


@dataclass(slots=True)
class Record:
    """One record: the section it stands in and its (letter, text, line) fields in file order."""

    section: str
    line: int
    fields: list[tuple[str, str, int]] = field(default_factory=list)
    cut: bool = False

    def get(self, letter: str) -> str:
        """Return the first field with a letter, or an empty string."""
        return next((text for key, text, _ in self.fields if key == letter), "")


def split_records(text: str, log: ProblemLog) -> list[Record]:
    """Cut a file into records. Raises FormatError when it has no QIF header at all."""
    records: list[Record] = []
    section = ""
    current: Record | None = None
    for line, raw in enumerate(text.splitlines(), start=1):
        content = raw.strip().lstrip("\ufeff")
        if not content:
            continue
        if content.startswith("!"):
            if current is not None:
                current.cut = True
                records.append(current)
                current = None
            section = _section(content, section)
        elif content.startswith("^"):
            if current is not None:
                records.append(current)
            current = None
        elif not section:
            code, message = (
                "not_qif",
                "the file does not start with a QIF header such as !Type:Bank",
            )
            raise refusal(code, message, line=line)
        else:
            current = current or Record(section, line)
            if len(current.fields) < _FIELDS_MAX:
                current.fields.append((content[0], content[1:].strip(), line))
        if len(records) > ROWS_MAX:
            code, message = "too_many_rows", f"a file has at most {ROWS_MAX} rows"
            raise refusal(code, message, line=line, hint="Split it by date.")
    if current is not None:
        current.cut = True
        records.append(current)
        message, hint = "the last record has no ^ at its end", "The file may be cut off."
        log.assume(current.line, "cut_off", message, hint=hint)
    if not section:
        code, message = "not_qif", "the file has no QIF header such as !Type:Bank"
        raise refusal(code, message)
    return records


def _section(header: str, before: str) -> str:
    """Return the section that a header starts; options such as !Option:MDY start none."""
    name = header[1:].strip().lower()
    if name.startswith(("option", "clear")):
        return before or "none"
    return name.removeprefix("type:").strip()
