"""Text that no column of the database can hold, refused by field before an operation sees it."""

from collections.abc import Mapping

from bursar.core.errors import InvalidInput

NUL = "\0"
HINT = "Remove it; send a file that is not UTF-8 text in base64."
NAME_CHARACTERS_MAX = 80


def refuse_unstorable(body: object) -> None:
    """Raise InvalidInput for a NUL character or half of a surrogate pair, in names too."""
    waiting: list[tuple[tuple[int | str, ...], object]] = [((), body)]
    while waiting:
        location, value = waiting.pop()
        if isinstance(value, str):
            fault = _fault_of(value)
            if fault:
                raise InvalidInput(
                    f"{field_name(location)}: this text holds {fault}",
                    field=field_name(location),
                    hint=HINT,
                )
        elif isinstance(value, Mapping):
            for key, each in value.items():
                here = (*location, str(key))
                waiting += ((here, str(key)), (here, each))
        elif isinstance(value, list | tuple):
            waiting += [((*location, n), each) for n, each in enumerate(value)]


def field_name(location: tuple[int | str, ...]) -> str:
    """Return the way to a value in words that can be shown and sent."""
    # A name without characters is quoted, so that the answer still says which field it means.
    name = ".".join(str(part) or '""' for part in location)
    if _fault_of(name):
        name = ascii(name)[1:-1]
    return name if len(name) <= NAME_CHARACTERS_MAX else name[: NAME_CHARACTERS_MAX - 1] + "…"


def _fault_of(text: str) -> str:
    if NUL in text:
        return "a NUL character"
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair, which is no character"
    return ""
