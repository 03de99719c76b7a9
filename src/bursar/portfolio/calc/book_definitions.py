"""Definitions of quantities and amounts: what is in the book, what it cost, what it earned."""

from bursar.portfolio.calc.definition import DECLARED, STANDARD, Definition

BOOK = (
    Definition(
        "quantity.v1",
        "Quantity",
        "sum of the ledger's legs to the end of the day",
        "quantity",
        DECLARED,
    ),
    Definition(
        "value.v1",
        "Market value",
        "sum of quantity x multiplier x last price x rate of the day",
        "money",
        STANDARD,
    ),
    Definition(
        "net_worth.v1",
        "Net worth",
        "holdings + cash - debts, in report currency",
        "money",
        STANDARD,
    ),
    Definition(
        "holdings.v1",
        "Value of holdings",
        "sum of quantity x multiplier x last price x rate of the day, cash left out",
        "money",
        STANDARD,
    ),
    Definition("cash.v1", "Cash", "sum of cash balances x rate of the day", "money", STANDARD),
    Definition(
        "cost_basis.v1",
        "Cost basis",
        "sum of open lots' cost with purchase fees and taxes, by the account's method",
        "money",
        STANDARD,
    ),
    Definition(
        "realised_gain.v1",
        "Realised gain",
        "sale total after costs - cost of the units sold",
        "money",
        STANDARD,
    ),
    Definition(
        "realised_gain_before_costs.v1",
        "Realised gain before costs",
        "sale amount - cost of the units sold, fees and taxes left out on both sides",
        "money",
        STANDARD,
    ),
    Definition(
        "unrealised_gain.v1", "Unrealised gain", "market value - cost basis", "money", STANDARD
    ),
    Definition(
        "currency_effect.v1",
        "Currency effect",
        "gain with each leg at its own day's rate - gain with all at the valuation day's rate",
        "money",
        DECLARED,
    ),
    Definition("day_gain.v1", "Gain of the day", "V_t - V_(t-1) - IN_t + OUT_t", "money", STANDARD),
    Definition(
        "price_gain.v1",
        "Gain of holdings",
        "closing - opening value of holdings - bought + sold, gross; income and costs apart",
        "money",
        DECLARED,
    ),
    Definition(
        "period_realised_gain.v1",
        "Realised gain of the period",
        "sale amount - cost of the units sold, both before costs; units held at the start cost "
        "their market value then",
        "money",
        DECLARED,
    ),
    Definition(
        "period_unrealised_gain.v1",
        "Unrealised gain of the period",
        "price_gain.v1 - period_realised_gain.v1",
        "money",
        DECLARED,
    ),
    Definition(
        "cash_gain.v1",
        "Currency gain of cash",
        "closing - opening value of cash - all that moved in and out at the rates of its days",
        "money",
        DECLARED,
    ),
    Definition(
        "rounding.v1",
        "Rounding of the bridge",
        "closing - the sum of the rounded parts",
        "money",
        DECLARED,
    ),
    Definition("gain.v1", "Gain", "V_1 - V_0 - sum F_i", "money", STANDARD),
    Definition(
        "inflow.v1", "Inflow", "external money and assets into the scope", "money", DECLARED
    ),
    Definition("outflow.v1", "Outflow", "external money and assets out of it", "money", DECLARED),
    Definition("income.v1", "Income", "gross dividends and interest, net + tax", "money", STANDARD),
    Definition(
        "fees.v1",
        "Fees",
        "all fees and interest charges of the period, stand-alone ones included",
        "money",
        STANDARD,
    ),
    Definition(
        "income_tax.v1",
        "Tax on income",
        "tax withheld on, minus refunded by, the activities that paid income in the period",
        "money",
        DECLARED,
    ),
    Definition("net_income.v1", "Net income", "income - tax on income", "money", STANDARD),
    Definition("tax.v1", "Tax", "tax withheld and paid minus refunds", "money", STANDARD),
    Definition(
        "yield_on_cost.v1",
        "Yield on cost",
        "income of the last 12 months / cost basis, both in report currency",
        "ratio",
        STANDARD,
    ),
    Definition("weight.v1", "Weight", "value of the key / value of the scope", "ratio", STANDARD),
    Definition("drift.v1", "Drift", "current weight - target weight", "ratio", STANDARD),
)
