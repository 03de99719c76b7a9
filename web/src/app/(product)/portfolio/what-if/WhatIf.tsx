"use client";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useId, useState, type ReactNode } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useAllocation, useTargets } from "@/api/hooks";
import { PortfolioTabs } from "@/app/(product)/portfolio/PortfolioTabs";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { SelectField, TextField } from "@/components/Field";
import { Facts, Page, Section } from "@/components/Page";
import { Loaded, Skeleton } from "@/components/States";
import { COST_METHODS } from "@/app/(product)/accounts/detail/AccountRules";
import { AsOf, Incomplete } from "@/figures/AsOf";
import { Figure, type FigureValue } from "@/figures/Figure";
import { formatRatio, inWords } from "@/figures/format";
import { Money, Ratio } from "@/figures/Money";
import type { CostMethod } from "@/api/hooks";

const AMOUNT = /^-?\d+(\.\d+)?$/;
const START = {
  shocks: {} as Record<string, number>,
  contribution: "0",
  method: "" as CostMethod | "",
};

/** What price shocks, money paid in or another lot method would change, beside the real figures. */
export function WhatIf() {
  const [scene, setScene] = useState(START);
  const shown = useDeferredValue(scene);
  const classes = useAllocation("asset_class");
  const policy = useTargets().data?.items[0]?.name;
  const fits = AMOUNT.test(shown.contribution);
  const answerQuery = useQuery({
    queryKey: ["portfolio", "what-if", shown, policy],
    enabled: fits,
    queryFn: () =>
      answer(
        api.POST("/api/v1/portfolio/what-if", {
          body: {
            class_shocks: Object.fromEntries(
              Object.entries(shown.shocks).map(([key, percent]) => [
                key,
                (percent / 100).toFixed(2),
              ]),
            ),
            contribution: shown.contribution,
            policy: policy ?? null,
            lot_method: shown.method === "" ? null : shown.method,
          },
        }),
      ),
    placeholderData: (previous) => previous,
  });
  const invested = (classes.data?.slices ?? []).filter((slice) => slice.key !== "cash");
  return (
    <Page
      about={answerQuery.data ? <AsOf of={answerQuery.data} /> : "\u00a0"}
      title="Portfolio"
      wide
    >
      <PortfolioTabs current="/portfolio/what-if/" />
      <div className="grid items-start gap-5 lg:grid-cols-[20rem_1fr]">
        <Section
          about="Nothing is written."
          actions={
            <Button onClick={() => setScene(START)} size="small" tone="quiet">
              Start over
            </Button>
          }
          title="What if"
        >
          <div className="flex flex-col gap-5">
            {invested.map((slice) => (
              <Shock
                key={slice.key}
                name={inWords(slice.name)}
                onChange={(value) =>
                  setScene({ ...scene, shocks: { ...scene.shocks, [slice.key]: value } })
                }
                value={scene.shocks[slice.key] ?? 0}
              />
            ))}
            <TextField
              error={
                AMOUNT.test(scene.contribution)
                  ? undefined
                  : "Write an amount such as 1500 or -200.50."
              }
              hint="Negative takes money out."
              inputMode="decimal"
              label="Money paid in"
              onChange={(event) =>
                setScene({ ...scene, contribution: event.target.value.trim() || "0" })
              }
              value={scene.contribution}
            />
            <SelectField
              label="Gains under another lot method"
              onChange={(event) =>
                setScene({ ...scene, method: event.target.value as CostMethod | "" })
              }
              options={[
                ["", "Each account\u2019s own"],
                ...COST_METHODS.filter(([method]) => method !== "specific"),
              ]}
              value={scene.method}
            />
          </div>
        </Section>
        <Loaded query={answerQuery} skeleton={<Skeleton className="h-96 w-full" />}>
          {(data) => <Outcome outcome={data} />}
        </Loaded>
      </div>
    </Page>
  );
}

function Shock({
  name,
  value,
  onChange,
}: {
  name: string;
  value: number;
  onChange: (value: number) => void;
}) {
  const id = useId();
  return (
    <div className="text-xs font-medium">
      <div className="flex justify-between">
        <label htmlFor={id}>Prices of {name.toLowerCase()}</label>
        <output className="text-sm figures">
          {formatRatio((value / 100).toFixed(2), { sign: "always", digits: 0 })}
        </output>
      </div>
      <input
        id={id}
        className="mt-2 w-full accent-(--accent)"
        max={100}
        min={-80}
        onChange={(event) => onChange(Number(event.target.value))}
        step={1}
        type="range"
        value={value}
      />
    </div>
  );
}

const SLICES: Column<Schemas["WhatIfSlice"]>[] = [
  { id: "name", header: "Class", cell: (row) => inWords(row.name) },
  {
    id: "now",
    header: "Now",
    from: "sm",
    numeric: true,
    cell: (row) =>
      row.weight_before === null ? "\u2014" : <Ratio digits={1} value={row.weight_before} />,
  },
  {
    id: "then",
    header: "Then",
    numeric: true,
    cell: (row) =>
      row.weight_after === null ? "\u2014" : <Ratio digits={1} value={row.weight_after} />,
  },
];

interface Lots {
  method: CostMethod;
  cost: readonly FigureValue[];
  realised: readonly FigureValue[];
  unrealised: readonly FigureValue[];
}
type Answer = Omit<Schemas["WhatIf"], "lots"> & { lots: Lots | null };

function Outcome({ outcome }: { outcome: Answer }) {
  const { currency, risk, lots } = outcome;
  const slices = [
    ...SLICES.slice(0, 1),
    {
      id: "value",
      header: "Value then",
      numeric: true,
      cell: (row: Schemas["WhatIfSlice"]) => <Money currency={currency} value={row.value_after} />,
    },
    ...SLICES.slice(1),
  ];
  const assets: Column<Schemas["WhatIfAsset"]>[] = [
    { id: "name", header: "Asset", cell: (row) => row.name },
    {
      id: "before",
      header: "Now",
      from: "sm",
      numeric: true,
      cell: (row) => <Money currency={currency} value={row.before} />,
    },
    {
      id: "change",
      header: "By prices",
      numeric: true,
      cell: (row) => <Money coloured currency={currency} value={row.price_effect} />,
    },
    {
      id: "moved",
      header: "Paid in",
      from: "md",
      numeric: true,
      cell: (row) => <Money currency={currency} value={row.moved} />,
    },
    {
      id: "after",
      header: "Then",
      numeric: true,
      cell: (row) => <Money currency={currency} value={row.after} />,
    },
  ];
  return (
    <div className="flex min-w-0 flex-col gap-5">
      <Incomplete of={outcome} />
      <section aria-live="polite" className="grid gap-4 card p-4 sm:grid-cols-3">
        <Tile name="Value now">
          <Figure figure={outcome.value_before} name="Value now" />
        </Tile>
        <Tile name="Value then">
          <Money currency={currency} value={outcome.value_after} />
        </Tile>
        <Tile name="Change">
          <Money coloured currency={currency} value={outcome.change} />
        </Tile>
      </section>
      <div className="grid items-start gap-5 xl:grid-cols-2">
        <Section flush title="Allocation">
          <DataTable
            columns={slices}
            label="Allocation"
            rowId={(row) => row.key}
            rows={outcome.allocation}
          />
        </Section>
        <Section title="Risk">
          <Facts
            items={[
              [
                "Volatility now",
                risk.volatility_before === null ? (
                  (risk.reason ?? "\u2014")
                ) : (
                  <Ratio key="a" value={risk.volatility_before} />
                ),
              ],
              [
                "Volatility then",
                risk.volatility_after === null ? (
                  "\u2014"
                ) : (
                  <Ratio key="b" value={risk.volatility_after} />
                ),
              ],
              ["Returns used", String(risk.periods)],
            ]}
          />
          {lots ? <LotsOutcome lots={lots} /> : null}
        </Section>
      </div>
      <Section flush title="Assets">
        <DataTable
          columns={assets}
          label="Assets"
          rowId={(row) => row.asset}
          rows={outcome.assets}
        />
      </Section>
      <p className="text-xs text-muted">{outcome.note}</p>
    </div>
  );
}

function LotsOutcome({ lots }: { lots: Lots }) {
  const pairs = [
    ["Cost", lots.cost],
    ["Realised gain", lots.realised],
    ["Unrealised gain", lots.unrealised],
  ] as const;
  return (
    <div className="mt-4 border-t pt-3">
      <h3 className="mb-2 text-xs font-semibold">{`Under ${lots.method.toUpperCase()}`}</h3>
      <Facts
        items={pairs.map(([name, [real, under]]) => [
          name,
          <span className="flex flex-wrap gap-x-3" key={name}>
            {real ? <Figure figure={real} name={`${name}, real`} /> : null}
            <span className="text-muted">then</span>
            {under ? <Figure figure={under} name={`${name}, under the method`} /> : null}
          </span>,
        ])}
      />
    </div>
  );
}

function Tile({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <p className="label-caps">{name}</p>
      <p className="text-xl font-semibold tracking-tight">{children}</p>
    </div>
  );
}
