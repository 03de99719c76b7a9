"""Bytes to text: statement files often lie about their encoding, so the bytes have the last word.

Order: a byte order mark, then strict UTF-8 (text in another encoding is almost never valid UTF-8
by chance), then the encoding the file declares, then Windows-1252, then Latin-1, which never fails.
"""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 200
_UTF16_NUL_SHARE = 3


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text of a file; never fails, because Latin-1 reads any bytes."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    sample = data[:_SAMPLE_BYTES]
    if len(sample) > 1 and sample.count(0) * _UTF16_NUL_SHARE > len(sample):
        little = sample[1::2].count(0) > sample[0::2].count(0)
        return data.decode("utf-16-le" if little else "utf-16-be", errors="replace")
    for encoding in ("utf-8", declared or "utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1")
