"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Suspense, useMemo, useState } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { PositionsTable } from "@/app/(product)/portfolio/PositionsTable";
import { usePositions } from "@/api/hooks";
import { TimeChart, type Mark } from "@/charts/TimeChart";
import { Badge } from "@/components/Badge";
import { DataTable, type Column } from "@/components/DataTable";
import { Facts, Page, Section } from "@/components/Page";
import { EmptyState, ErrorState, Loaded, Skeleton, SkeletonRows } from "@/components/States";
import { Segments } from "@/components/Tabs";
import { formatDay, formatMoney, formatRatio, inWords } from "@/figures/format";
import { Money } from "@/figures/Money";
import { useAddressPart } from "@/shell/address";

const RANGES = [
  ["365", "1Y"],
  ["1096", "3Y"],
  ["1826", "5Y"],
  ["3653", "10Y"],
] as const;
type Range = (typeof RANGES)[number][0];
const DAYS_MAX = 5000;

export function InstrumentDetail() {
  return (
    <Suspense fallback={<SkeletonRows />}>
      <ById />
    </Suspense>
  );
}

function ById() {
  const [id] = useAddressPart("id");
  const instrument = useQuery({
    queryKey: ["market", "instrument", id],
    enabled: id !== null,
    queryFn: () =>
      answer(
        api.GET("/api/v1/instruments/{instrument}", { params: { path: { instrument: id ?? "" } } }),
      ),
  });
  if (id === null)
    return <EmptyState icon="search" title="No instrument is named in the address" />;
  return (
    <Loaded query={instrument} skeleton={<SkeletonRows />}>
      {(data) => <Shown instrument={data} />}
    </Loaded>
  );
}

function Shown({ instrument }: { instrument: Schemas["InstrumentRow"] }) {
  const positions = usePositions({ instrument: instrument.id, lots: true });
  const actions = useQuery({
    queryKey: ["market", "actions", instrument.id],
    queryFn: () =>
      answer(
        api.GET("/api/v1/corporate-actions", {
          params: { query: { instrument: instrument.id, limit: 500 } },
        }),
      ),
  });
  const held = (positions.data?.items ?? []).filter((row) => row.instrument_id === instrument.id);
  return (
    <Page
      about={
        <Link className="text-accent-ink hover:underline" href="/prices/">
          All instruments
        </Link>
      }
      title={instrument.ticker ? `${instrument.name} (${instrument.ticker})` : instrument.name}
    >
      <PriceChart actions={actions.data?.items ?? []} instrument={instrument} />
      {held.length > 0 ? (
        <Section flush title="Held">
          <PositionsTable positions={held} withAccount />
        </Section>
      ) : null}
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Section flush title="Corporate actions">
          <Loaded query={actions}>
            {(data) =>
              data.items.length === 0 ? (
                <EmptyState icon="file" title="None is recorded" />
              ) : (
                <DataTable
                  columns={ACTIONS}
                  label="Corporate actions"
                  rowId={(row) => row.id}
                  rows={[...data.items].reverse()}
                />
              )
            }
          </Loaded>
        </Section>
        <Section title="About">
          <Facts
            items={[
              ["Kind", inWords(instrument.kind)],
              ["Class", inWords(instrument.asset_class)],
              ["Currency", instrument.currency],
              ["Exchange calendar", instrument.calendar ?? "\u2014"],
              ...Object.entries(instrument.classification).map(
                ([name, value]) => [inWords(name), value] as const,
              ),
              ...instrument.identifiers.map(
                (one) =>
                  [
                    one.scheme.toUpperCase(),
                    <code className="font-mono text-xs" key={one.value}>
                      {one.value}
                      {one.valid_to ? ` until ${formatDay(one.valid_to)}` : ""}
                    </code>,
                  ] as const,
              ),
            ]}
          />
        </Section>
      </div>
    </Page>
  );
}

const ACTIONS: Column<Schemas["CorporateActionRow"]>[] = [
  {
    id: "day",
    header: "Ex-date",
    cell: (row) => <span className="figures">{formatDay(row.ex_date)}</span>,
  },
  {
    id: "kind",
    header: "Action",
    cell: (row) => (
      <Badge tone={row.kind === "split" ? "accent" : "plain"}>{inWords(row.kind)}</Badge>
    ),
  },
  {
    id: "what",
    header: "What",
    numeric: true,
    cell: (row) =>
      row.amount !== null && row.currency !== null ? (
        <Money currency={row.currency} value={row.amount} />
      ) : row.ratio_numerator !== null ? (
        <span className="figures">{`${row.ratio_numerator}:${row.ratio_denominator ?? 1}`}</span>
      ) : (
        "\u2014"
      ),
  },
  {
    id: "source",
    header: "Source",
    from: "sm",
    cell: (row) => <span className="text-muted">{row.source}</span>,
  },
];

function changeOver(points: readonly { value: number }[]): string | null {
  const [first, last] = [points[0], points.at(-1)];
  return first && last && first.value !== 0 ? (last.value / first.value - 1).toFixed(6) : null;
}

function PriceChart({
  instrument,
  actions,
}: {
  instrument: Schemas["InstrumentRow"];
  actions: readonly Schemas["CorporateActionRow"][];
}) {
  const [range, setRange] = useState<Range>("1826");
  const prices = useQuery({
    queryKey: ["market", "prices", instrument.id],
    queryFn: () =>
      answer(
        api.GET("/api/v1/instruments/{instrument}/prices", {
          params: { path: { instrument: instrument.id }, query: { limit: DAYS_MAX } },
        }),
      ),
  });
  const newest = prices.data?.items[0];
  const points = useMemo(() => {
    const items = prices.data?.items ?? [];
    const last = items[0]?.day;
    if (!last) return [];
    const first = new Date(Date.parse(last) - Number(range) * 86_400_000)
      .toISOString()
      .slice(0, 10);
    return items
      .filter((row) => row.day >= first)
      .map((row) => ({ day: row.day, value: Number(row.close) }))
      .reverse();
  }, [prices.data, range]);
  const marks = useMemo((): Mark[] => {
    const days = new Set(points.map((point) => point.day));
    return actions
      .filter((row) => row.kind === "split" && days.has(row.ex_date))
      .map((row) => ({
        day: row.ex_date,
        text: `${row.ratio_numerator ?? ""}:${row.ratio_denominator ?? ""}`,
      }));
  }, [actions, points]);
  if (prices.isError && !prices.data)
    return <ErrorState error={prices.error} onRetry={() => void prices.refetch()} />;
  const change = changeOver(points);
  return (
    <section className="card p-4">
      <header className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 className="label-caps">{newest ? `Close of ${formatDay(newest.day)}` : "Price"}</h2>
          {newest ? (
            <p className="text-2xl leading-9 font-semibold tracking-tight">
              <Money currency={instrument.currency} value={newest.close} />
              {change ? (
                <span className="ml-3 text-sm font-normal text-muted">{`${formatRatio(change, { sign: "always" })} over the range shown`}</span>
              ) : null}
            </p>
          ) : prices.isPending ? (
            <Skeleton className="h-9 w-40" />
          ) : (
            <p className="text-sm text-muted">No price is stored.</p>
          )}
          {newest ? (
            <p className="text-xs text-muted">{`${newest.source}, ${inWords(newest.basis)}`}</p>
          ) : null}
        </div>
        <Segments label="Range" onChange={setRange} options={RANGES} value={range} />
      </header>
      <div className="mt-2">
        <TimeChart
          height={300}
          label={`Price of ${instrument.name}`}
          marks={marks}
          points={points}
          write={(value) => formatMoney(value.toFixed(2), instrument.currency)}
        />
      </div>
    </section>
  );
}
