"""Figure ids: what is written is read back, and nothing else is read."""

import string
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import InvalidInput
from bursar.portfolio.calc.definitions import DEFINITIONS
from bursar.portfolio.figures.identity import FigureId
from bursar.portfolio.view.scope import Scope, ScopeKind

words = st.text(max_size=20)
ids = st.uuids(version=4)
scopes = st.one_of(
    st.just(Scope()),
    st.lists(ids, min_size=1, max_size=4).map(lambda each: Scope(ScopeKind.ACCOUNT, tuple(each))),
    st.lists(ids, max_size=4).map(lambda each: Scope(ScopeKind.HOLDINGS, tuple(each))),
    ids.map(lambda each: Scope(ScopeKind.INSTRUMENT, (each,))),
    st.tuples(ids, ids).map(lambda each: Scope(ScopeKind.POSITION, each)),
    st.builds(
        lambda taxonomy, value, own: Scope(ScopeKind.CLASS, tuple(own), (taxonomy, value)),
        words,
        words,
        st.lists(ids, max_size=2),
    ),
)
days = st.integers(-40_000, 60_000)
values = st.text(string.ascii_letters + string.digits + "-._", min_size=1, max_size=20)


@st.composite
def figures(draw: st.DrawFn) -> FigureId:
    start, end = sorted((draw(days), draw(days)))
    named = draw(st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=8), values, max_size=3))
    made = FigureId(
        draw(st.sampled_from(sorted(DEFINITIONS))),
        draw(scopes),
        draw(st.sampled_from([None, start])),
        end,
        draw(st.from_regex(r"[A-Z][A-Z0-9]{1,9}", fullmatch=True)),
    )
    return made.having(**named)


@pytest.mark.requirement("RETURNS.02")
@given(figures())
def test_an_id_is_read_back_as_it_was_written(figure: FigureId) -> None:
    text = str(figure)
    assert FigureId.parse(text) == figure
    assert set(text) <= set(string.ascii_letters + string.digits + "-._~")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "twr.v1",
        "twr.v9~all~2022-12-28~USD",
        "twr.v1~none~2022-12-28~USD",
        "twr.v1~all~2022-12-28..2021-12-28~USD",
        "twr.v1~all~20221228~USD",
        "twr.v1~all~2022-12-28~usd",
        "twr.v1~all~2022-12-28~USD~rf",
        "twr.v1~all~2022-12-28~USD~rf.1~mar.1",
        "twr.v1~all~2022-12-28~USD~rf.1~rf.2",
        "twr.v1~account~2022-12-28~USD",
        f"twr.v1~account.{uuid.UUID(int=1).hex}~2022-12-28~USD",
        "twr.v1~class.a~2022-12-28~USD",
        "twr.v1~class.a.b_4~2022-12-28~USD",
        "twr.v1~all~2022-12-28~USD" + "~a.b" * 900,
    ],
)
def test_what_is_no_id_is_refused_with_the_field(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        FigureId.parse(text)
    assert caught.value.field == "figure_id"
