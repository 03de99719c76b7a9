"use client";
import Link from "next/link";
import { useMemo, useState } from "react";
import {
  useHistory,
  useMe,
  usePerformance,
  useSummary,
  useTransactions,
  type PerformanceQuestion,
  type Sampling,
} from "@/api/hooks";
import type { Schemas } from "@/api/client";
import { subjectOf } from "@/app/(product)/transactions/subject";
import { AllocationCard } from "@/app/(product)/overview/AllocationCard";
import { Attention } from "@/app/(product)/overview/Attention";
import { TimeChart } from "@/charts/TimeChart";
import { Button } from "@/components/Button";
import { Page, Section } from "@/components/Page";
import { EmptyState, Loaded, Skeleton, SkeletonRows } from "@/components/States";
import { Segments } from "@/components/Tabs";
import { AsOf, Incomplete } from "@/figures/AsOf";
import { Bridge } from "@/figures/Bridge";
import { Figure } from "@/figures/Figure";
import { formatDay, formatMoney } from "@/figures/format";
import { Money } from "@/figures/Money";

const RANGES = [
  ["3m", "3M"],
  ["ytd", "YTD"],
  ["1y", "1Y"],
  ["3y", "3Y"],
  ["all", "All"],
] as const;
type Range = (typeof RANGES)[number][0];
const DAYS: Record<Range, number | undefined> = {
  "3m": 92,
  ytd: undefined,
  "1y": 365,
  "3y": 1096,
  all: undefined,
};

export function Overview() {
  const summary = useSummary();
  const me = useMe();
  return (
    <Page
      about={summary.data ? <AsOf of={summary.data} /> : <Skeleton className="h-4 w-56" />}
      title={me.data ? `Hello, ${me.data.display_name}` : "Overview"}
    >
      <Loaded query={summary} skeleton={<OverviewSkeleton />}>
        {(data) => (isEmpty(data) ? <FirstSteps /> : <Filled summary={data} />)}
      </Loaded>
    </Page>
  );
}

function isEmpty(summary: Schemas["Summary"]): boolean {
  return summary.top_positions.length === 0 && !/[1-9]/.test(summary.contributions.value ?? "0");
}

function OverviewSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading" className="grid gap-5 lg:grid-cols-3" role="status">
      <Skeleton className="h-96 lg:col-span-2" />
      <Skeleton className="h-96" />
    </div>
  );
}

function FirstSteps() {
  return (
    <section className="card">
      <EmptyState
        action={
          <>
            <Button asChild tone="primary">
              <Link href="/import/">Import a statement</Link>
            </Button>
            <Button asChild>
              <Link href="/accounts/">Open an account</Link>
            </Button>
          </>
        }
        icon="overview"
        title="The book is empty"
      >
        Import a statement of your bank or broker, or open an account and enter what it holds. Net
        worth, returns and allocation follow by themselves.
      </EmptyState>
    </section>
  );
}

function Filled({ summary }: { summary: Schemas["Summary"] }) {
  return (
    <>
      <Incomplete of={summary} />
      <div className="grid gap-5 lg:grid-cols-3">
        <div className="flex min-w-0 flex-col gap-5 lg:col-span-2">
          <NetWorth summary={summary} />
          <Recent />
        </div>
        <div className="contents min-w-0 flex-col gap-5 lg:flex">
          <Attention summary={summary} />
          <AllocationCard />
          <Cash summary={summary} />
        </div>
      </div>
    </>
  );
}

function NetWorth({ summary }: { summary: Schemas["Summary"] }) {
  const [range, setRange] = useState<Range>("all");
  const days = DAYS[range] ?? (range === "ytd" ? daysIntoYear(summary.as_of) : undefined);
  const sampling: Sampling = "day";
  const history = useHistory(days === undefined ? { sampling } : { days, sampling });
  const question: PerformanceQuestion = { period: range, series: "none" };
  const performance = usePerformance(question);
  const points = useMemo(
    () =>
      (history.data?.items ?? []).flatMap((row) =>
        row.value === null ? [] : [{ day: row.day, value: Number(row.value) }],
      ),
    [history.data],
  );
  return (
    <section className="card p-4">
      <header className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 className="label-caps">Net worth</h2>
          <p className="mt-0.5 text-2xl leading-8 font-semibold tracking-tight">
            <Figure figure={summary.net_worth} name="Net worth" />
          </p>
          <p className="mt-0.5 flex flex-wrap gap-x-3 text-sm text-muted">
            <span>
              <Figure coloured figure={summary.day_change} name="Gain of the last day" /> on the day
            </span>
            <span>
              <Figure coloured figure={summary.total_gain} name="Total gain" /> in all
            </span>
            <span>
              <Figure coloured figure={summary.twr_annualised} name="Time-weighted return a year" />{" "}
              a year
            </span>
          </p>
        </div>
        <Segments label="Range" onChange={setRange} options={RANGES} value={range} />
      </header>
      <div className="mt-3">
        {history.isError && !history.data ? (
          <Loaded query={history}>{() => null}</Loaded>
        ) : (
          <TimeChart
            height={250}
            label="Net worth"
            points={points}
            write={(value) => formatMoney(value.toFixed(0), summary.currency, { digits: 0 })}
          />
        )}
      </div>
      <div className="mt-4 border-t pt-3">
        <h3 className="text-xs font-semibold">What changed it</h3>
        <Loaded query={performance} skeleton={<Skeleton className="mt-2 h-40 w-full" />}>
          {(data) => (
            <div className="mt-1">
              <p className="text-xs text-muted">{`From ${formatDay(data.start)} to ${formatDay(data.as_of)}`}</p>
              <Bridge bridge={data.bridge} />
            </div>
          )}
        </Loaded>
      </div>
    </section>
  );
}

function daysIntoYear(day: string): number {
  const start = Date.UTC(Number(day.slice(0, 4)), 0, 0);
  return Math.max(1, Math.round((Date.parse(`${day}T00:00:00Z`) - start) / 86_400_000));
}

function Cash({ summary }: { summary: Schemas["Summary"] }) {
  return (
    <Section title="Cash and invested">
      <dl className="text-sm">
        {(
          [
            ["Cash", summary.cash, false],
            ["Invested", summary.invested, false],
            ["Cost of what is held", summary.cost, false],
            ["Unrealised gain", summary.unrealised_gain, true],
            ["Realised gain", summary.realised_gain, true],
            ["Income", summary.income, true],
          ] as const
        ).map(([name, figure, coloured]) => (
          <div
            className="flex justify-between gap-4 border-b border-dashed py-1.5 last:border-0"
            key={name}
          >
            <dt className="text-muted">{name}</dt>
            <dd>
              <Figure coloured={coloured} figure={figure} name={name} />
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function Recent() {
  const transactions = useTransactions({}, 8);
  return (
    <Section
      actions={
        <Link className="text-xs font-medium text-accent-ink hover:underline" href="/transactions/">
          All transactions
        </Link>
      }
      flush
      title="Recent transactions"
    >
      {transactions.isPending ? <SkeletonRows rows={8} /> : null}
      <ul className="divide-y">
        {(transactions.data?.pages[0]?.items ?? []).map((row) => (
          <li key={row.id}>
            <Link
              className="flex items-center gap-3 px-4 py-2 text-sm hover:bg-sunken/60"
              href={`/transactions/?id=${row.id}`}
            >
              <span className="min-w-0 flex-1">
                <span className="block truncate">{subjectOf(row)}</span>
                <span className="block truncate text-xs text-muted">
                  {formatDay(row.effective_at)} {"\u00b7"} {row.account_name}
                </span>
              </span>
              {row.cash_change === null ? null : (
                <Money coloured="gains" currency={row.currency ?? ""} value={row.cash_change} />
              )}
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
