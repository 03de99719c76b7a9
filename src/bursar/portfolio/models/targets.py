"""Target policies: what a scope should hold, how far it may stray, and what a plan must respect."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.market.models.instruments import Label, Reference

TARGETS_MAX = 200
VERSIONS_MAX = 100
DEFAULT_POLICY = "default"

PLANNED_MAX = Decimal("1e15")
"""Amounts of a plan stay where every quotient and product of it is exact."""


def _within_plans(amount: Decimal) -> Decimal:
    if abs(amount) > PLANNED_MAX:
        msg = f"an amount of a plan lies between -{PLANNED_MAX:f} and {PLANNED_MAX:f}"
        raise ValueError(msg)
    return amount


PlannedAmount = Annotated[Amount, AfterValidator(_within_plans)]
"""An amount in major units that a plan can work with."""

PolicyName = Annotated[str, Field(min_length=1, max_length=80, description="Name of the policy.")]
WholeUnits = Literal["by_kind", "all", "none"]


class BandWidth(Model):
    """How far a weight may stray; with both, the narrower counts."""

    absolute: Amount | None = Field(None, description='Points of weight: "0.05" is 5 points.')
    relative: Amount | None = Field(None, description='Share of the target: "0.2" of 10 % is 2.')


class PolicyTerms(Model):
    """The terms of a policy."""

    account: tuple[str, ...] = Field(
        (), max_length=50, description="Accounts it is about, by id or name; default all assets."
    )
    taxonomy: Label = Field(
        "asset_class",
        description="What targets name: asset_class, instrument, currency, account, or a "
        "classification such as sector or region.",
    )
    targets: dict[Label, Amount] = Field(
        min_length=1,
        max_length=TARGETS_MAX,
        description='Weight by key, summing to 1: {"stocks": "0.6", "bonds": "0.3", "cash": "0.1"}.',
    )
    assets: dict[Reference, Amount] = Field(
        {},
        max_length=TARGETS_MAX,
        description="Weight of an instrument within its key; keys not named keep the present mix.",
    )
    band: BandWidth = Field(BandWidth(), description="Band of every key; default 5 points.")
    bands: dict[Label, BandWidth] = Field(
        {}, max_length=TARGETS_MAX, description="Bands of single keys."
    )
    currency: str | None = Field(
        None, pattern=r"^[A-Z][A-Z0-9]{1,9}$", description="Currency of the amounts; default base."
    )
    cash_floor: PlannedAmount = Field(Decimal(0), description="Cash to keep at least.")
    minimum_trade: PlannedAmount = Field(Decimal(0), description="Smallest trade.")
    no_sell: tuple[Reference, ...] = Field(
        (), max_length=TARGETS_MAX, description="Instruments never to sell."
    )
    asset_weight_max: Amount | None = Field(None, description="Largest weight of one instrument.")
    tax_rate_short: Amount | None = Field(None, description='Tax on short-term gains: "0.35".')
    tax_rate_long: Amount | None = Field(None, description="Tax on long-term gains.")
    wash_sale_days: int = Field(30, ge=0, le=366, description="Wash-sale window; 0 is none.")
    fee_rate: Amount = Field(Decimal(0), description="Fee as a share of a trade.")
    fee_fixed: PlannedAmount = Field(Decimal(0), description="Fee of each trade.")
    whole_units: WholeUnits = Field(
        "by_kind", description="Trade whole units: by_kind (all but crypto and funds), all, none."
    )


class SetTargets(PolicyTerms):
    """A policy to store; it takes the place of the one with the same name."""

    name: PolicyName = DEFAULT_POLICY


class TargetPolicy(PolicyTerms):
    """A stored policy. Keys and instruments are ids where they name instruments or accounts."""

    name: str = Field(description="Name of the policy.")
    version: int = Field(description="Counts up with every change; older ones are kept.")
    created_at: dt.datetime = Field(description="When this version was stored.")
    names: dict[str, str] = Field({}, description="Names of the ids above.")


class GetTargets(Model):
    """Which policies to show."""

    name: str | None = Field(None, max_length=80, description="Only this policy; default all.")
    history: bool = Field(default=False, description="Also older versions, newest first.")


class TargetPolicies(Model):
    """Policies."""

    items: tuple[TargetPolicy, ...] = Field(description="By name, newest version first.")


class DeleteTargets(Model):
    """Which policy to delete."""

    name: PolicyName


class DeletedTargets(Model):
    """What was deleted."""

    name: str = Field(description="Name of the policy; its history is kept.")
    version: int = Field(description="The version that says it is gone.")


class PolicyChoice(Model):
    """Which targets to compare with."""

    policy: str | None = Field(
        None, max_length=80, description="Stored policy; default: the only one."
    )
    targets: dict[Label, Amount] | None = Field(
        None,
        min_length=1,
        max_length=TARGETS_MAX,
        description="Weights in place of the stored ones.",
    )
    taxonomy: Label | None = Field(None, description="What they name, as in policies.")
    currency: str | None = Field(
        None, pattern=r"^[A-Z][A-Z0-9]{1,9}$", description="Report currency; default base."
    )
    as_of: dt.date | None = Field(None, description="Day to value on; default today.")
