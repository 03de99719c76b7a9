import math

import pytest

from bursar.portfolio.calc.undefined import SENTENCES, Figure, Reason

pytestmark = pytest.mark.requirement("RETURNS.02")


def test_every_reason_has_a_sentence_and_a_snake_case_code():
    assert set(SENTENCES) == set(Reason)
    assert all(r.value == r.value.lower() and " " not in r.value for r in Reason)


def test_a_figure_has_a_value_or_a_reason():
    with pytest.raises(ValueError, match="not both"):
        Figure(None, None)
    with pytest.raises(ValueError, match="not both"):
        Figure(1.0, Reason.NO_ROOT)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_number_that_is_not_finite_is_no_value(number):
    figure = Figure.of(number)
    assert figure.value is None
    assert figure.reason is Reason.NOT_REPRESENTABLE
    assert figure.sentence == SENTENCES[Reason.NOT_REPRESENTABLE]
