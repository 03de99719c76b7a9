"""Refusals of the calculations: input that has no meaning, as opposed to a figure that is undefined."""

from bursar.core.errors import InvalidInput, Refused


class BadSeries(InvalidInput):
    """Arrays that do not fit together, or hold numbers that are not finite."""

    code = "bad_series"
    default_hint = "Give arrays of one length, with finite numbers and days in rising order."


class NegativeTotalValue(Refused):
    """A total value below zero: a price or a leg is missing, so there is no return to state."""

    code = "negative_total_value"
    default_hint = "Look for a missing price, a missing deposit or a sale without its purchase."


class UnbalancedBridge(Refused):
    """Opening, transfers, gains, income and costs do not add up to the closing value."""

    code = "unbalanced_bridge"
    default_hint = "The difference is in the details; look for a leg that was left out."


class BadTargets(InvalidInput):
    """Target weights, bands or caps that cannot be met by any portfolio."""

    code = "bad_targets"
    default_hint = "Targets lie between 0 and 1 and sum to 1."


class OptimizerMissing(ImportError):
    """The optimisation library of the extra `optimize` is not installed."""


class NoAllocation(Refused):
    """The optimiser found no weights for these returns and caps."""

    code = "no_allocation"
    default_hint = "Use a longer history, fewer assets or wider caps."
