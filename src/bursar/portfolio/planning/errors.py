"""What planning refuses, each with what to do about it."""

from bursar.core.errors import NotFound, Refused


class PolicyNotFound(NotFound):
    """No target policy goes by this name."""

    code = "policy_not_found"
    default_hint = "Store one with portfolio.set_targets, or pass targets with the request."


class CannotPlan(Refused):
    """No trades lead to these targets under these rules."""

    code = "cannot_plan"


class MissingValues(Refused):
    """A holding has no price or no exchange rate, so weights and trades are not known."""

    code = "missing_values"
    default_hint = "Record the missing price or rate, or name accounts without this holding."


class TooFewPrices(Refused):
    """An instrument has too few prices in the days looked at."""

    code = "too_few_prices"
    default_hint = "Leave it out, look further back, or load its prices."


class OptimizerNotInstalled(Refused):
    """The optimisation library is not installed."""

    code = "optimizer_not_installed"
    default_hint = "Install it with: pip install 'bursar[optimize]'."
