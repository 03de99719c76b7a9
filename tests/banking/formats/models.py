"""Hypothesis strategies for the neutral model: anything the model accepts, odd texts included."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st

from bursar.banking.formats.statement import (
    AccountKind,
    Activity,
    ActivityKind,
    Balance,
    Format,
    Position,
    Security,
    SecurityKind,
    Statement,
    StatementAccount,
)

numbers = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(-(10**20), 10**20),
    st.integers(0, 18),
)
costs = st.one_of(st.just(Decimal(0)), numbers.map(abs))
# Names and memos as people and banks write them, and what a spreadsheet would take for a formula.
texts = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=30),
    st.sampled_from(["=1+1", "'quoted", "-5", "@x", "+1", "a,b", 'say "hi"', "a\nb", "''=x", "--"]),
)
currencies = st.sampled_from(["USD", "EUR", "JPY", "BTC"])
days = st.dates(date(1900, 1, 1), date(2199, 12, 30))
moments = st.one_of(
    days,
    st.datetimes(
        datetime.fromisoformat("1900-01-02"),
        datetime.fromisoformat("2199-12-29"),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))]),
    ),
)


def maybe(strategy):
    return st.one_of(st.none(), strategy)


@st.composite
def activities(draw, securities: list[str]):
    security = draw(st.sampled_from([None, *securities]))
    return Activity(
        kind=draw(st.sampled_from(list(ActivityKind))),
        effective_at=draw(moments),
        local_day=draw(maybe(days)),
        settles_on=draw(maybe(days)),
        external_id=draw(texts),
        group=draw(texts),
        security=security,
        quantity=draw(maybe(numbers)) if security else None,
        unit_price=draw(maybe(numbers)),
        amount=draw(maybe(numbers)),
        currency=draw(maybe(currencies)),
        fees=draw(costs),
        taxes=draw(costs),
        value=draw(maybe(numbers)),
        counter_amount=draw(maybe(numbers)),
        counter_currency=draw(maybe(currencies)),
        exchange_rate=draw(maybe(numbers)),
        ratio_new=draw(maybe(numbers)),
        ratio_old=draw(maybe(numbers)),
        payee=draw(texts),
        memo=draw(texts),
        category=draw(texts),
        reference=draw(texts),
        counter_account=draw(texts),
        line=draw(st.integers(0, 10**6)),
        raw_type=draw(texts) or "",
    )


@st.composite
def accounts(draw, external_id: str, *, has_more: bool):
    keys = draw(st.lists(st.text("ABC=-'é ", min_size=1, max_size=8), max_size=3))
    securities = []
    for key in dict.fromkeys(" ".join(k.split()) for k in keys):
        if key:
            kind = draw(st.sampled_from(list(SecurityKind)))
            securities.append(
                Security(key=key, kind=kind, symbol=draw(texts), name=draw(texts), isin=draw(texts))
            )
    names = [s.key for s in securities]
    balances, positions = (), ()
    if has_more:
        balances = tuple(
            draw(
                st.lists(
                    st.builds(
                        Balance, amount=numbers, currency=maybe(currencies), as_of=maybe(moments)
                    ),
                    max_size=2,
                )
            )
        )
        positions = tuple(Position(security=n, quantity=draw(numbers)) for n in names)
    return StatementAccount(
        external_id=external_id,
        institution=draw(texts),
        name=draw(texts),
        kind=draw(st.sampled_from(list(AccountKind))),
        currency=draw(maybe(currencies)),
        period_start=draw(maybe(days)),
        period_end=draw(maybe(days)),
        activities=tuple(draw(st.lists(activities(names), max_size=4))),
        balances=balances,
        stated_positions=positions,
        securities=tuple(securities),
    )


@st.composite
def statements(draw, *, has_more: bool = True):
    ids = draw(st.lists(st.sampled_from(["", "a1", "=x", "'y", "é"]), unique=True, max_size=3))
    return Statement(
        format=draw(st.sampled_from(list(Format))),
        accounts=tuple(draw(accounts(i, has_more=has_more)) for i in ids),
        notes=tuple(t for t in draw(st.lists(texts, max_size=2)) if t) if has_more else (),
    )
