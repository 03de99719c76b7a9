import type { Meta } from "@storybook/react-vite";
import type { Schemas } from "@/api/client";
import { AsOf, Incomplete } from "@/figures/AsOf";
import { Bridge } from "@/figures/Bridge";
import { Figure, type FigureValue } from "@/figures/Figure";
import { Money, Quantity, Ratio } from "@/figures/Money";

export default { title: "Figures" } satisfies Meta;

function figure(value: string | null, unit = "money"): FigureValue {
  return {
    id: `example~${value ?? "none"}`,
    definition: "example.v1",
    value,
    reason: value === null ? "no_opening_value" : null,
    reason_text: value === null ? "The period opens without value." : null,
    unit,
    currency: unit === "money" ? "USD" : null,
    observations: null,
    roots: [],
  };
}

export const Amounts = () => (
  <div className="flex flex-col items-start gap-2">
    <Money currency="USD" value="115503.21" />
    <Money coloured currency="USD" value="9767.41" />
    <Money coloured currency="EUR" value="-585.54" />
    <Money currency="USDC" value="0.12345678" />
    <Ratio coloured value="0.0598159" />
    <Quantity value="29.10500000" />
  </div>
);

export const Explained = () => (
  <div className="flex flex-col items-start gap-2">
    <Figure figure={figure("115503.21")} name="Net worth" />
    <Figure coloured figure={figure("-0.0537", "ratio")} name="Return of the year" />
    <Figure figure={figure(null)} name="Simple gain" />
  </div>
);

const bridge: Schemas["BridgeView"] = {
  opening: figure("0.00"),
  inflow: figure("205200.00"),
  outflow: figure("99464.20"),
  realised_gain: figure("3722.42"),
  unrealised_gain: figure("6412.74"),
  currency_gain: figure("-326.82"),
  income: figure("33.07"),
  fees: figure("74.00"),
  taxes: figure("0.00"),
  rounding: "0.00",
  closing: figure("115503.21"),
};

export const WhatChangedIt = () => (
  <div className="max-w-md">
    <Bridge bridge={bridge} />
  </div>
);

const dated = {
  as_of: "2022-12-28",
  as_of_reason: "newest_price_day",
  completeness: {
    complete: false,
    prices: [
      {
        instrument_id: "1",
        name: "AAPL",
        problem: "stale" as const,
        price_day: "2022-12-28",
        age_days: 9,
      },
    ],
    rates: [],
    lots: [],
    not_shown: 0,
    price_gaps: [],
    rate_gaps: [],
  },
};

export const Day = () => (
  <div className="flex flex-col gap-3">
    <AsOf of={dated} />
    <Incomplete of={dated} />
  </div>
);
