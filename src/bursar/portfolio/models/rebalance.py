"""A rebalance plan: trades by account with their lots, what they cost, and what they reach."""

import datetime as dt
import uuid
from typing import Literal

from pydantic import Field

from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.portfolio.models.figures import Dated, FigureValue
from bursar.portfolio.models.targets import PlannedAmount, PolicyChoice, WholeUnits

LotMethod = Literal["fifo", "lifo", "hifo", "lofo", "average", "lowest_tax"]


class RebalanceRequest(PolicyChoice):
    """How to reach the targets; what is left out follows the policy."""

    contribution: PlannedAmount = Field(
        "0", validate_default=True, description="Cash paid in; negative: taken out."
    )
    sell: bool = Field(default=True, description="Whether selling is allowed.")
    tolerance: Amount = Field(
        "0",
        validate_default=True,
        description="Weight points; no sale while buying comes this close.",
    )
    to: Literal["target", "band"] = Field(
        "target", description="Trade to targets, or just into bands."
    )
    cash_floor: PlannedAmount | None = Field(None, description="Cash to keep at least.")
    minimum_trade: PlannedAmount | None = Field(None, description="Smallest trade.")
    whole_units: WholeUnits | None = Field(None, description="What trades whole.")
    lot_method: LotMethod | None = Field(None, description="Lots to sell; default: each account's.")


class LotTaken(Model):
    """A lot, or part of one, that a sale would close. Amounts in the instrument's currency."""

    lot_id: str = Field(description="Id of the lot.")
    acquired_on: dt.date = Field(description="Day it was acquired.")
    quantity: Amount = Field(description="Units taken.")
    proceeds: Amount = Field(description="Proceeds after fees.")
    cost: Amount = Field(description="Cost.")
    gain: Amount = Field(description="Proceeds less cost.")
    term: Literal["short", "long"] = Field(description="Holding period.")
    days_until_long: int = Field(description="Days until it would be long-term.")


class PlannedTrade(Model):
    """One buy or sale in one account."""

    side: Literal["buy", "sell"] = Field(description="buy or sell.")
    account_id: uuid.UUID = Field(description="Account to trade in.")
    account: str = Field(description="Its name.")
    instrument_id: uuid.UUID = Field(description="Instrument.")
    name: str = Field(description="Its ticker or name.")
    quantity: Amount = Field(description="Units.")
    price: Amount = Field(description="Price of one unit used.")
    amount: Amount = Field(description="Amount before fees, in the instrument's currency.")
    fees: Amount = Field(description="Estimated fees, in the same currency.")
    currency: str = Field(description="The instrument's currency.")
    value: Amount = Field(description="Amount in report currency.")
    lot_method: str | None = Field(None, description="Sale: how lots are chosen.")
    lots: tuple[LotTaken, ...] = Field((), description="Sale: lots it would close.")
    gain_short: Amount | None = Field(None, description="Short-term gain, report currency.")
    gain_long: Amount | None = Field(None, description="Long-term gain, report currency.")
    taxed: bool | None = Field(None, description="Sale: false in accounts with a tax wrapper.")


class CashMove(Model):
    """Cash to move so that every trade is paid for."""

    kind: Literal["deposit", "withdrawal", "transfer", "conversion"] = Field(
        description="deposit, withdrawal, transfer or conversion."
    )
    account_id: uuid.UUID = Field(description="Account the cash leaves, or enters by deposit.")
    amount: Amount = Field(description="Amount that moves.")
    currency: str = Field(description="Its currency.")
    to_account_id: uuid.UUID | None = Field(None, description="Transfer: account it enters.")
    to_amount: Amount | None = Field(None, description="Conversion: amount received.")
    to_currency: str | None = Field(None, description="Conversion: its currency.")


class WashWindowHit(Model):
    """A loss that a purchase inside the window would disallow, wholly or in part."""

    instrument_id: uuid.UUID = Field(description="Instrument.")
    name: str = Field(description="Its ticker or name.")
    sold_on: dt.date = Field(description="Day of the sale at a loss.")
    planned_sale: bool = Field(description="True: the sale is part of this plan.")
    starts_on: dt.date = Field(description="First day of the window.")
    ends_on: dt.date = Field(description="Last day of the window.")
    replaced: Amount = Field(description="Units bought inside the window.")
    disallowed: Amount = Field(description="Loss at risk, in report currency.")


class PlannedWeight(Model):
    """One key before and after."""

    key: str = Field(description="The key.")
    name: str = Field(description="Its name.")
    target: Amount = Field(description="Target weight.")
    drift_before: FigureValue = Field(description="Current weight minus target weight.")
    weight_after: Amount = Field(description="Weight after all trades.")
    drift_after: Amount = Field(description="That weight minus the target.")


class RebalanceProposal(Dated):
    """What to trade; nothing was written and no order was placed."""

    policy: str = Field(description="Target policy; inline: the targets of the request.")
    policy_version: int = Field(description="Its version; 0 for inline.")
    taxonomy: str = Field(description="What the keys are.")
    trades: tuple[PlannedTrade, ...] = Field(description="Sales, then purchases.")
    cash_moves: tuple[CashMove, ...] = Field(description="In the order to make them.")
    keys: tuple[PlannedWeight, ...] = Field(description="Weights before and after.")
    value_before: FigureValue = Field(description="Value of the scope.")
    cash_before: FigureValue = Field(description="Cash of the scope.")
    cash_after: Amount = Field(description="Cash after all trades and fees.")
    bought: Amount = Field(description="Sum of purchases.")
    sold: Amount = Field(description="Sum of sales.")
    fees: Amount = Field(description="Estimated fees, by the policy's rates.")
    gain_short: Amount | None = Field(description="Realised short-term gain in taxed accounts.")
    gain_long: Amount | None = Field(description="Realised long-term gain in taxed accounts.")
    tax: Amount | None = Field(description="Estimated tax on it; null without tax rates.")
    tax_note: str = Field(description="What the estimate is made of.")
    tax_rate_short: Amount | None = Field(description="Rate stored in the policy.")
    tax_rate_long: Amount | None = Field(description="Rate stored in the policy.")
    wash_sales: tuple[WashWindowHit, ...] = Field(description="Windows this plan would hit.")
    notes: tuple[str, ...] = Field(description="What the plan could not do, and why.")
