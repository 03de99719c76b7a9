"use client";
import { useMemo, useState } from "react";
import type { Schemas } from "@/api/client";
import { useDefinitions, usePerformance } from "@/api/hooks";
import { PortfolioTabs } from "@/app/(product)/portfolio/PortfolioTabs";
import { TimeChart } from "@/charts/TimeChart";
import { Badge } from "@/components/Badge";
import { DataTable, type Column } from "@/components/DataTable";
import { SelectField } from "@/components/Field";
import { Page, Section } from "@/components/Page";
import { Loaded, Skeleton } from "@/components/States";
import { Segments } from "@/components/Tabs";
import { AsOf, Incomplete } from "@/figures/AsOf";
import { Bridge } from "@/figures/Bridge";
import { Figure, type FigureValue } from "@/figures/Figure";
import { formatDay, formatRatio, inWords } from "@/figures/format";
import { Ratio } from "@/figures/Money";

const RANGES = [
  ["1m", "1M"],
  ["3m", "3M"],
  ["ytd", "YTD"],
  ["1y", "1Y"],
  ["3y", "3Y"],
  ["5y", "5Y"],
  ["all", "All"],
] as const;
type Range = (typeof RANGES)[number][0];
type Performance = Schemas["Performance"];

export function PerformanceView() {
  const [range, setRange] = useState<Range>("all");
  const performance = usePerformance({ period: range, series: "day" });
  const monthly = usePerformance({ period: range, series: "month" });
  return (
    <Page
      about={performance.data ? <AsOf of={performance.data} /> : "\u00a0"}
      title="Portfolio"
      wide
    >
      <PortfolioTabs current="/portfolio/performance/" />
      {performance.data ? <Incomplete of={performance.data} /> : null}
      <Loaded query={performance} skeleton={<Skeleton className="h-96 w-full" />}>
        {(data) => (
          <>
            <Growth onRange={setRange} performance={data} range={range} />
            <div className="grid items-start gap-5 lg:grid-cols-2">
              <MeasureTable figures={data.returns} title="Returns" />
              <div className="flex flex-col gap-5">
                <Section
                  about={`From ${formatDay(data.start)} to ${formatDay(data.as_of)}`}
                  title="What changed the value"
                >
                  <Bridge bridge={data.bridge} />
                </Section>
                <MeasureTable figures={data.gains} title="Gain" />
              </div>
              <MeasureTable figures={data.statistics} plain title="Risk" />
              <Drawdowns rows={data.drawdowns} />
            </div>
            {monthly.data ? <Months rows={monthly.data.series} /> : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface GrowthProps {
  performance: Performance;
  range: Range;
  onRange: (range: Range) => void;
}

const baseOf = (definition: string) => definition.replace(/\.v\d+$/, "");

/** One measure at a time, its range beside it, its definition one click away. */
function Growth({ performance, range, onRange }: GrowthProps) {
  const definitions = useDefinitions();
  const [measure, setMeasure] = useState("twr");
  const titles = new Map(definitions.data?.items.map((row) => [row.id, row.title]));
  const figure =
    performance.returns.find((one) => baseOf(one.definition) === measure) ?? performance.returns[0];
  const points = useMemo(
    () => performance.series.map((row) => ({ day: row.start, value: Number(row.cumulative) })),
    [performance.series],
  );
  if (!figure) return null;
  const name = titles.get(figure.definition) ?? inWords(measure);
  return (
    <section className="card p-4">
      <header className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <SelectField
            className="w-72 max-w-full"
            hideLabel
            label="Measure"
            onChange={(event) => setMeasure(event.target.value)}
            options={performance.returns.map((one) => [
              baseOf(one.definition),
              titles.get(one.definition) ?? inWords(baseOf(one.definition)),
            ])}
            value={measure}
          />
          <p className="mt-2 text-2xl leading-8 font-semibold tracking-tight">
            <Figure coloured figure={figure} name={name} />
          </p>
          <p className="text-xs text-muted">
            {figure.value === null
              ? figure.reason_text
              : `From ${formatDay(performance.start)} to ${formatDay(performance.as_of)}. Click the figure for its formula and parts.`}
          </p>
        </div>
        <Segments label="Range" onChange={onRange} options={RANGES} value={range} />
      </header>
      <div className="mt-2">
        <TimeChart
          height={240}
          label="Time-weighted return, linked day by day"
          points={points}
          write={(value) => formatRatio(value.toFixed(6), { sign: "always", digits: 1 })}
        />
      </div>
    </section>
  );
}

function MeasureTable({
  title,
  figures,
  plain,
}: {
  title: string;
  figures: readonly FigureValue[];
  plain?: boolean;
}) {
  const definitions = useDefinitions();
  const known = new Map(definitions.data?.items.map((row) => [row.id, row]));
  return (
    <Section
      about="Each with its definition; click a figure for what is behind it."
      flush
      title={title}
    >
      <ul className="divide-y text-sm">
        {figures.map((figure) => {
          const definition = known.get(figure.definition);
          const name = definition?.title ?? inWords(baseOf(figure.definition));
          return (
            <li className="flex items-start justify-between gap-4 px-4 py-2" key={figure.id}>
              <details className="group min-w-0">
                <summary className="list-none rounded marker:hidden">
                  <span className="decoration-faint decoration-dotted underline-offset-4 group-hover:underline">
                    {name}
                  </span>
                </summary>
                {definition ? (
                  <p className="mt-1 text-xs text-muted">
                    <code className="font-mono break-words text-ink">{definition.formula}</code>
                    <span className="mt-0.5 block">{definition.source}</span>
                  </p>
                ) : null}
                {figure.value === null ? (
                  <p className="text-xs text-muted">{figure.reason_text}</p>
                ) : null}
              </details>
              <Figure coloured={plain !== true} figure={figure} name={name} />
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

const DRAWDOWNS: Column<Schemas["DrawdownRow"]>[] = [
  {
    id: "depth",
    header: "Fall",
    numeric: true,
    sortBy: (row) => row.depth,
    cell: (row) => <Ratio coloured value={row.depth} />,
  },
  { id: "peak", header: "High", cell: (row) => formatDay(row.peak_day) },
  { id: "trough", header: "Low", from: "sm", cell: (row) => formatDay(row.trough_day) },
  {
    id: "recovery",
    header: "Reached again",
    cell: (row) =>
      row.recovery_day ? formatDay(row.recovery_day) : <Badge tone="warn">Not yet</Badge>,
  },
  {
    id: "days",
    header: "Days",
    numeric: true,
    sortBy: (row) => row.days_under_water,
    cell: (row) => <span className="figures">{row.days_under_water}</span>,
  },
];

function Drawdowns({ rows }: { rows: Performance["drawdowns"] }) {
  return (
    <Section about="The deepest falls below a high" flush title="Drawdowns">
      {rows.length === 0 ? (
        <p className="px-4 py-3 text-sm text-muted">There was none in this range.</p>
      ) : (
        <DataTable
          columns={DRAWDOWNS}
          label="Drawdowns"
          rowId={(row) => row.peak_day}
          rows={rows}
        />
      )}
    </Section>
  );
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function Months({ rows }: { rows: Performance["series"] }) {
  const years = [...new Set(rows.map((row) => row.start.slice(0, 4)))].reverse();
  const values = new Map(rows.map((row) => [row.start.slice(0, 7), row.value]));
  return (
    <Section flush title="Months">
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls sideways on phones, by keyboard too */}
      <div className="overflow-x-auto" role="group" aria-label="Returns by month" tabIndex={0}>
        <table className="w-full text-xs">
          <thead>
            <tr>
              <th className="px-4 py-2 text-left label-caps" scope="col">
                Year
              </th>
              {MONTHS.map((month) => (
                <th className="px-1.5 py-2 text-right label-caps" key={month} scope="col">
                  {month}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {years.map((year) => (
              <tr className="border-t" key={year}>
                <th className="px-4 py-1.5 text-left font-medium" scope="row">
                  {year}
                </th>
                {MONTHS.map((month, index) => {
                  const value = values.get(`${year}-${String(index + 1).padStart(2, "0")}`);
                  return (
                    <td className="px-1.5 py-1.5 text-right" key={month}>
                      {value === undefined ? null : <Ratio coloured digits={1} value={value} />}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
