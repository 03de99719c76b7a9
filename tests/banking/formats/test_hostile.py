"""Damaged and hostile files: a FormatError or problems, never another exception, in bounded time."""

import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.banking.formats.dates import parse_date
from bursar.banking.formats.numbers import parse_number
from bursar.banking.formats.problems import PROBLEMS_MAX, FormatError
from bursar.banking.formats.sniff import read
from bursar.banking.formats.statement import BYTES_MAX, activity_keys
from tests.banking.formats import samples

pytestmark = pytest.mark.requirement("IMPORT.01")


def survive(data: bytes) -> None:
    reading, refused = None, None
    try:
        reading = read(data, "x")
    except FormatError as error:
        refused = error
    if reading is None:
        assert refused is not None
        assert refused.problems
        assert refused.message
        return
    statement, problems = reading
    assert len(problems) <= PROBLEMS_MAX + 1
    for account in statement.accounts:
        assert len(activity_keys(account)) == len(account.activities)


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_random_bytes(data):
    survive(data)


@given(
    st.sampled_from(
        [
            b"OFXHEADER:100\n<OFX>",
            b"!Type:Bank\n",
            b"!Type:Invst\n",
            b'{"schema":"',
            b"<FlexQueryResponse>",
            b"Date,Amount\n",
        ]
    ),
    st.text("<>/!?&;ABCDSTMTRN^$,.-0123456789\n\" [](){}:'T", max_size=300),
)
@settings(max_examples=150, deadline=None)
def test_random_text_after_a_true_start(head, text):
    survive(head + text.encode())


@pytest.mark.parametrize("name", samples.ALL)
def test_files_cut_anywhere(name):
    data = samples.ALL[name]
    for end in range(0, len(data), max(1, len(data) // 60)):
        survive(data[:end])


@given(st.sampled_from(sorted(samples.ALL)), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_files_with_bytes_changed(name, draw):
    data = bytearray(samples.ALL[name])
    for _ in range(draw.draw(st.integers(1, 8))):
        at = draw.draw(st.integers(0, len(data) - 1))
        if draw.draw(st.booleans()):
            data[at] = draw.draw(st.integers(0, 255))
        else:
            del data[at : at + draw.draw(st.integers(1, 40))]
            data = data or bytearray(b"x")
    survive(bytes(data))


@pytest.mark.parametrize("name", samples.REAL)
def test_real_files_cut_and_changed(name):
    data = samples.real_file(name)
    step = max(1, len(data) // 80)
    for at in range(0, len(data), step):
        survive(data[:at])
        survive(data[:at] + b"\xff<" + data[at + 2 :])


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_numbers_and_dates_raise_nothing_but_value_errors(text):
    for parse in (parse_number, lambda t: parse_date(t, "DMY"), lambda t: parse_date(t, "YMD")):
        with contextlib.suppress(ValueError):
            parse(text)


MANY = 300_000
HOSTILE = {
    "unclosed_cdata": b"<OFX>" + b"<![CDATA[" * MANY,
    "unclosed_comments": b"<OFX>" + b"<!--" * MANY,
    "unclosed_instructions": b"<OFX>" + b"<?" * MANY,
    "only_openers": b"<OFX>" + b"<" * MANY,
    "deep": b"<OFX>" + b"<A>" * MANY,
    "stray_ends": b"<OFX>" + b"</A>" * MANY,
    "text_bits": b"<OFX><A>" + b"x<" * MANY,
    "entities": b"<OFX><A>" + b"&amp;" * MANY,
    "spaces_in_tag": b"<OFX><A" + b" " * MANY,
    "quotes": b'Date,Amount\n"' + b"x" * MANY,
    "commas": b"," * MANY,
    "semicolon_lines": b"a;b\n" * 50_000,
    "xml_depth": b"<FlexQueryResponse>" + b"<a>" * MANY,
    "xml_dtd": b'<!DOCTYPE FlexQueryResponse [<!ENTITY a "b">]><FlexQueryResponse>&a;</FlexQueryResponse>',
    "qif_fields": b"!Type:Bank\n" + b"Sx\n" * MANY,
    "qif_records": b"!Type:Bank\n" + b"Dx\n^\n" * 50_000,
    "json_depth": b'{"schema":' + b"[" * MANY,
    "long_number": b"Date,Amount\n2024-01-01," + b"9" * 100_000,
    "nul": b"\x00" * MANY,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_take_bounded_time(name):
    start = time.perf_counter()
    survive(HOSTILE[name])
    assert time.perf_counter() - start < 20


def test_a_file_over_the_limit_is_refused():
    with pytest.raises(FormatError, match="limit"):
        read(b"x" * (BYTES_MAX + 1))


def test_problems_are_counted_past_the_limit():
    data = b"Date,Amount\n2024-01-02,1.50\n" + b"soon,1.50\n" * (PROBLEMS_MAX + 50)
    from bursar.banking.formats.csv_mapping import Mapping

    _, problems = read(data, mapping=Mapping(date="Date", amount="Amount"))
    assert len(problems) == PROBLEMS_MAX + 1
    assert problems[-1].message.startswith("50 more")


def test_a_column_of_a_thousand_and_one_accounts_is_refused():
    rows = b"".join(b"2024-01-02,1.50,%d\n" % n for n in range(1_001))
    with pytest.raises(FormatError, match="1001 accounts"):
        read(b"Date,Amount,Account\n" + rows)
