"""The head of an OFX file: `KEY:VALUE` lines (1.x) or two processing instructions (2.x)."""

import re
from dataclasses import dataclass

from bursar.banking.formats.problems import refusal
from bursar.banking.formats.text import decode

_HEAD_BYTES = 4_096
_CHARSETS = {"1252": "cp1252", "8859-1": "latin-1", "ISO-8859-1": "latin-1", "UTF-8": "utf-8"}


@dataclass(frozen=True)
class Body:
    """The text from `<OFX>` on, the line on which it starts, and the stated version."""

    text: str
    line: int
    version: str


def split(data: bytes) -> Body:
    """Decode a file and find its `<OFX>` element. Raises FormatError when there is none."""
    head = data[:_HEAD_BYTES].decode("latin-1")
    text = decode(data, _declared(head))
    # Some servers end header lines with two carriage returns; only line feeds are counted.
    if "\n" not in text:
        text = text.replace("\r", "\n")
    start = re.search(r"<OFX\s*>", text, re.IGNORECASE)
    if start is None:
        code, message = "not_ofx", "the file has no <OFX> element"
        raise refusal(code, message, hint="Choose the OFX or QFX download of your bank.")
    before = text[: start.start()]
    if re.search("<!ENTITY", before, re.IGNORECASE):
        code, message = "entity_declaration", "the file declares entities, which no statement needs"
        raise refusal(code, message, hint="Download the file from the bank again.")
    stated = re.search(r"(?<!HEADER)VERSION\s*[:=]\s*\"?(\d+)", before[before.find("OFX") :])
    line = before.count("\n") + 1
    return Body(text[start.start() :], line, stated.group(1) if stated else "")


def _declared(head: str) -> str | None:
    """Return the codec that the header names, if it names one Python knows."""
    xml = re.search(r"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)", head)
    if xml is not None:
        return None if xml.group(1).lower() in {"us-ascii", "ascii"} else xml.group(1)
    charset = re.search(r"^\s*CHARSET\s*:\s*([\w.-]+)", head, re.MULTILINE)
    if charset is not None and charset.group(1).upper() in _CHARSETS:
        return _CHARSETS[charset.group(1).upper()]
    encoding = re.search(r"^\s*ENCODING\s*:\s*([\w.-]+)", head, re.MULTILINE)
    return _CHARSETS.get(encoding.group(1).upper()) if encoding is not None else None
