"""What if: prices, money and weights changed on paper, beside the real figures."""

import datetime as dt

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.ledger.models import CostMethod
from bursar.market.models.instruments import Label, Reference
from bursar.portfolio.models.figures import Dated, FigureValue
from bursar.portfolio.models.recommend import LOOK_BACK_DAYS_MAX

CHANGES_MAX = 200


class WhatIfRequest(Model):
    """What changes; everything left out stays as it is. A shock of -0.2 takes 20 % off."""

    account: tuple[str, ...] = Field((), max_length=50, description="By id or name; default all.")
    currency: str | None = Field(
        None, pattern=r"^[A-Z][A-Z0-9]{1,9}$", description="Report currency; default base."
    )
    as_of: dt.date | None = Field(None, description="Day to value on; default today.")
    shock: Amount = Field("0", validate_default=True, description="Price change of everything.")
    class_shocks: dict[Label, Amount] = Field(
        {}, max_length=CHANGES_MAX, description='By asset class, in its place: {"stocks": "-0.3"}.'
    )
    instrument_shocks: dict[Reference, Amount] = Field(
        {}, max_length=CHANGES_MAX, description="By instrument, in place of both."
    )
    contribution: Amount = Field(
        "0", validate_default=True, description="Cash paid in; negative: taken out."
    )
    contributions: dict[Reference, Amount] = Field(
        {}, max_length=CHANGES_MAX, description="The same for instruments."
    )
    weights: dict[Label, Amount] | None = Field(
        None,
        min_length=1,
        max_length=CHANGES_MAX,
        description="Redistribute everything; sums to 1.",
    )
    weights_by: Label = Field("asset_class", description="What weights name.")
    by: Label = Field("asset_class", description="Taxonomy to show.")
    policy: str | None = Field(None, max_length=80, description="Policy to show drift from.")
    lot_method: CostMethod | None = Field(None, description="Show gains under this method.")
    benchmark: Reference | None = Field(None, description="Instrument for beta.")
    market_shock: Amount | None = Field(None, description="Its change, scaled by beta.")
    look_back_days: int = Field(365, ge=90, le=LOOK_BACK_DAYS_MAX, description="Days for risk.")


class WhatIfSlice(Model):
    """One key of the allocation."""

    key: str = Field(description="The key.")
    name: str = Field(description="Its name.")
    value_before: Amount = Field(description="Value now.")
    value_after: Amount = Field(description="Value in the scenario.")
    weight_before: Amount | None = Field(description="Weight now; null: nothing is held.")
    weight_after: Amount | None = Field(description="Weight in the scenario.")


class WhatIfAsset(Model):
    """One instrument or cash currency."""

    asset: str = Field(description="Instrument id, or a currency for cash.")
    name: str = Field(description="Ticker, name or currency.")
    before: Amount = Field(description="Value now.")
    price_effect: Amount = Field(description="What the shock changes.")
    moved: Amount = Field(description="Money put in or taken out.")
    after: Amount = Field(description="Value in the scenario.")


class WhatIfDrift(Model):
    """Drift of one key from the policy's target."""

    key: str = Field(description="The key.")
    name: str = Field(description="Its name.")
    target: Amount = Field(description="Target weight.")
    drift_before: FigureValue = Field(description="Drift now.")
    drift_after: Amount | None = Field(description="Drift in the scenario.")


class WhatIfRisk(Model):
    """Risk from past total returns of what is held; cash counts as without risk."""

    volatility_before: Amount | None = Field(description="Volatility a year now.")
    volatility_after: Amount | None = Field(description="Volatility a year in the scenario.")
    beta_before: Amount | None = Field(None, description="Beta against the benchmark now.")
    beta_after: Amount | None = Field(None, description="Beta in the scenario.")
    market_loss_before: Amount | None = Field(None, description="Value now x beta x market_shock.")
    market_loss_after: Amount | None = Field(None, description="The same in the scenario.")
    periods: int = Field(description="Returns used.")
    reason: str | None = Field(None, description="Why there is no figure.")


class WhatIfLots(Model):
    """Cost and gains under another lot method, beside the real ones."""

    method: CostMethod = Field(description="The method tried.")
    cost: tuple[FigureValue, FigureValue] = Field(description="Cost: real, under the method.")
    realised: tuple[FigureValue, FigureValue] = Field(description="Realised gain since the start.")
    unrealised: tuple[FigureValue, FigureValue] = Field(description="Unrealised gain.")


class WhatIf(Dated):
    """The scenario beside the real figures; nothing was written."""

    value_before: FigureValue = Field(description="Value now.")
    value_after: Amount = Field(description="Value in the scenario.")
    change: Amount = Field(description="Difference, money moved included.")
    price_effect: Amount = Field(description="Part of it that comes from shocks.")
    moved: Amount = Field(description="Part of it that was paid in or taken out.")
    allocation: tuple[WhatIfSlice, ...] = Field(description="By key, largest first.")
    assets: tuple[WhatIfAsset, ...] = Field(description="By asset, largest change first.")
    drift: tuple[WhatIfDrift, ...] = Field(description="Empty without a target policy.")
    risk: WhatIfRisk = Field(description="Volatility and beta.")
    lots: WhatIfLots | None = Field(None, description="Only with lot_method.")
    note: str = Field(description="What is left out.")
