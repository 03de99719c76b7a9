import re

import numpy as np
import pytest

from bursar.portfolio.calc.definitions import DEFINITIONS
from bursar.portfolio.calc.returns import ReturnFlags
from bursar.portfolio.calc.statistics import (
    StatisticSettings,
    benchmark_statistics,
    own_statistics,
)

pytestmark = pytest.mark.requirement("RETURNS.01", "RETURNS.02")


def test_ids_are_their_keys_and_end_in_a_version():
    for key, definition in DEFINITIONS.items():
        assert key == definition.id
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)*\.v\d+", key)
        assert definition.version >= 1
        assert definition.title
        assert definition.formula


def test_every_statistic_has_a_definition():
    r = np.array([0.01, -0.02, 0.03, 0.0, 0.01, -0.005])
    settings = StatisticSettings()
    ids = set(own_statistics(r, settings)) | set(benchmark_statistics(r, r[::-1], settings))
    assert ids <= set(DEFINITIONS)


def test_each_combination_of_return_flags_is_defined():
    for income in (False, True):
        for costs in (False, True):
            for tax in (False, True):
                flags = ReturnFlags(income=income, costs=costs, tax=tax)
                assert flags.definition_id in DEFINITIONS
    assert ReturnFlags().definition_id == "total_return.net_of_costs.before_tax.v1"
