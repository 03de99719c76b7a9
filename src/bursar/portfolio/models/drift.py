"""Drift: current weight minus target weight, by key and by asset."""

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.portfolio.models.figures import Dated, FigureValue
from bursar.portfolio.models.targets import PolicyChoice


class DriftRequest(PolicyChoice):
    """Which targets to compare with."""

    assets: bool = Field(default=True, description="Also show single assets.")


class KeyDriftRow(Model):
    """One key of the taxonomy."""

    key: str = Field(description="The key, such as stocks; an id for instruments and accounts.")
    name: str = Field(description="Its name.")
    target: Amount = Field(description="Target weight.")
    low: Amount = Field(description="Lowest weight within the band.")
    high: Amount = Field(description="Highest weight within the band.")
    value: FigureValue = Field(description="Current value.")
    weight: FigureValue = Field(description="Current weight.")
    drift: FigureValue = Field(description="Current weight minus target weight.")
    over_threshold: bool = Field(description="Whether the weight lies outside its band.")


class AssetDriftRow(Model):
    """One instrument or cash currency."""

    asset: str = Field(description="Instrument id, or a currency for cash.")
    name: str = Field(description="Ticker, name or currency.")
    key: str = Field(description="Key it belongs to.")
    target: Amount = Field(description="Target weight of the asset.")
    implied: bool = Field(description="True: its key's target divided by the present mix.")
    weight: FigureValue = Field(description="Current weight.")
    drift: FigureValue = Field(description="Current weight minus target weight.")
    over_threshold: bool = Field(description="Whether it lies outside the policy's band.")


class LargestDrift(Model):
    """The key or asset furthest from its target."""

    name: str = Field(description="Its name.")
    drift: FigureValue = Field(description="Current weight minus target weight.")


class AllocationDrift(Dated):
    """How far a scope is from its targets."""

    policy: str = Field(description="Target policy; inline: the targets of the request.")
    policy_version: int = Field(description="Its version; 0 for inline.")
    taxonomy: str = Field(description="What the keys are.")
    over_threshold: bool = Field(description="Whether any key lies outside its band.")
    largest: LargestDrift | None = Field(description="The key furthest from its target.")
    largest_asset: LargestDrift | None = Field(description="The asset furthest from its target.")
    keys: tuple[KeyDriftRow, ...] = Field(description="By key, largest drift first.")
    assets: tuple[AssetDriftRow, ...] = Field(description="By asset, largest drift first.")
