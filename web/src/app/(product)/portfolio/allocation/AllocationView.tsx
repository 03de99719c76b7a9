"use client";
import Link from "next/link";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { useAllocation, useDrift, useTargets } from "@/api/hooks";
import { PortfolioTabs } from "@/app/(product)/portfolio/PortfolioTabs";
import { WeightBars } from "@/charts/WeightBars";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { Page, Section } from "@/components/Page";
import { EmptyState, Loaded, SkeletonRows } from "@/components/States";
import { Segments } from "@/components/Tabs";
import { AsOf, Incomplete } from "@/figures/AsOf";
import { Figure } from "@/figures/Figure";
import { inWords } from "@/figures/format";
import { Ratio } from "@/figures/Money";

const BY = [
  ["asset_class", "Class"],
  ["account", "Account"],
  ["currency", "Currency"],
  ["sector", "Sector"],
  ["region", "Region"],
  ["instrument", "Instrument"],
] as const;

export function AllocationView() {
  const [by, setBy] = useState<(typeof BY)[number][0]>("asset_class");
  const allocation = useAllocation(by);
  const targets = useTargets();
  const hasTargets = (targets.data?.items.length ?? 0) > 0;
  return (
    <Page about={allocation.data ? <AsOf of={allocation.data} /> : "\u00a0"} title="Portfolio" wide>
      <PortfolioTabs current="/portfolio/allocation/" />
      {allocation.data ? <Incomplete of={allocation.data} /> : null}
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Section
          actions={<Segments label="Spread by" onChange={setBy} options={BY} value={by} />}
          title="Allocation"
        >
          <Loaded query={allocation}>
            {(data) => (
              <WeightBars
                rows={data.slices.map((slice) => ({
                  key: slice.key,
                  name: by === "account" || by === "instrument" ? slice.name : inWords(slice.name),
                  weight: slice.weight.value ?? "0",
                  detail: (
                    <>
                      <Figure figure={slice.value} name={`Value of ${slice.name}`} />
                      <span className="w-14 text-right">
                        <Figure digits={1} figure={slice.weight} name={`Weight of ${slice.name}`} />
                      </span>
                    </>
                  ),
                }))}
              />
            )}
          </Loaded>
        </Section>
        {targets.isPending ? <SkeletonRows /> : hasTargets ? <DriftSection /> : <NoTargets />}
      </div>
    </Page>
  );
}

function NoTargets() {
  return (
    <section className="card">
      <EmptyState
        action={
          <Button asChild tone="primary">
            <Link href="/settings/targets/">Set target weights</Link>
          </Button>
        }
        icon="portfolio"
        title="No target weights are stored"
      >
        With them you see how far the portfolio has drifted, and which trades would bring it back.
      </EmptyState>
    </section>
  );
}

const KEYS: Column<Schemas["KeyDriftRow"]>[] = [
  {
    id: "name",
    header: "Key",
    cell: (row) => (
      <span className="flex items-center gap-2">
        {inWords(row.name)}{" "}
        {row.over_threshold ? <Badge tone="warn">Outside its band</Badge> : null}
      </span>
    ),
  },
  {
    id: "weight",
    header: "Weight",
    numeric: true,
    cell: (row) => <Figure digits={1} figure={row.weight} name={`Weight of ${row.name}`} />,
  },
  {
    id: "target",
    header: "Target",
    numeric: true,
    from: "sm",
    cell: (row) => <Ratio digits={1} value={row.target} />,
  },
  {
    id: "drift",
    header: "Drift",
    numeric: true,
    sortBy: (row) => row.drift.value,
    cell: (row) => (
      <Figure digits={1} figure={row.drift} name={`Drift of ${row.name}`} sign="always" />
    ),
  },
];

const ASSETS: Column<Schemas["AssetDriftRow"]>[] = [
  { id: "name", header: "Asset", sortBy: (row) => row.name, cell: (row) => row.name },
  {
    id: "weight",
    header: "Weight",
    numeric: true,
    sortBy: (row) => row.weight.value,
    cell: (row) => <Figure digits={1} figure={row.weight} name={`Weight of ${row.name}`} />,
  },
  {
    id: "target",
    header: "Target",
    numeric: true,
    from: "sm",
    cell: (row) => <Ratio digits={1} value={row.target} />,
  },
  {
    id: "drift",
    header: "Drift",
    numeric: true,
    sortBy: (row) => row.drift.value,
    cell: (row) => (
      <Figure digits={1} figure={row.drift} name={`Drift of ${row.name}`} sign="always" />
    ),
  },
];

function DriftSection() {
  const drift = useDrift(true);
  return (
    <Section
      about={
        drift.data
          ? `Policy \u201c${drift.data.policy}\u201d, version ${drift.data.policy_version}`
          : undefined
      }
      actions={
        <Button asChild>
          <Link href="/portfolio/rebalance/">Plan trades</Link>
        </Button>
      }
      flush
      title="Drift from target"
    >
      <Loaded query={drift}>
        {(data) => (
          <>
            <DataTable
              columns={KEYS}
              label="Drift by key"
              rowId={(row) => row.key}
              rows={data.keys}
            />
            {data.assets.length > 0 ? (
              <details className="border-t">
                <summary className="px-4 py-2.5 text-sm text-muted">{`Single assets (${data.assets.length})`}</summary>
                <DataTable
                  columns={ASSETS}
                  label="Drift by asset"
                  rowId={(row) => row.asset}
                  rows={data.assets}
                />
              </details>
            ) : null}
          </>
        )}
      </Loaded>
    </Section>
  );
}
