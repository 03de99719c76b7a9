"use client";
import { useState } from "react";
import { EffectSheet } from "@/app/(product)/jobs/EffectSheet";
import { ProgressBar } from "@/app/(product)/jobs/ProgressBar";
import {
  toneOfWork,
  useEffects,
  workInWords,
  type Effect,
  type EffectState,
} from "@/app/(product)/jobs/work";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { Section } from "@/components/Page";
import { EmptyState, ErrorState, SkeletonRows, StaleNotice } from "@/components/States";
import { Segments } from "@/components/Tabs";
import { formatCount, formatMoment } from "@/figures/format";
import { useAddressPart } from "@/shell/address";

const VIEWS: Readonly<Record<string, readonly EffectState[]>> = {
  all: [],
  moving: ["queued", "running"],
  waiting: ["dead", "uncertain"],
};

const COLUMNS: Column<Effect>[] = [
  {
    id: "created",
    header: "Asked for",
    from: "sm",
    cell: (row) => (
      <span className="figures whitespace-nowrap text-muted">{formatMoment(row.created_at)}</span>
    ),
  },
  {
    id: "kind",
    header: "Work",
    className: "max-w-0 w-full",
    cell: (row) => (
      <span className="block truncate">
        <span className="font-medium">{row.kind}</span>
        {row.error_message ? <span className="ml-2 text-muted">{row.error_message}</span> : null}
      </span>
    ),
  },
  {
    id: "progress",
    header: "Progress",
    from: "md",
    cell: (row) => (row.progress ? <ProgressBar progress={row.progress} /> : null),
  },
  {
    id: "attempts",
    header: "Attempts",
    numeric: true,
    from: "lg",
    cell: (row) => (
      <span className="figures text-muted">
        {row.attempts} of {row.attempts_max}
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    cell: (row) => <Badge tone={toneOfWork(row.state)}>{workInWords(row.state)}</Badge>,
  },
];

/** Work outside: what waits, runs, is done, and what a person must look at. */
export function EffectsCard() {
  const [view, setView] = useState("all");
  const query = useEffects(VIEWS[view] ?? []);
  const [opened, setOpened] = useAddressPart("effect");
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      about="Calls to providers and other long work, such as fetching prices"
      actions={
        <Segments
          label="Which work"
          onChange={setView}
          options={[
            ["all", "All"],
            ["moving", "In work"],
            ["waiting", "Needs a person"],
          ]}
          value={view}
        />
      }
      flush
      title="Work outside"
    >
      {query.isPending ? (
        <SkeletonRows rows={4} />
      ) : query.isError && rows.length === 0 ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <EmptyState icon="check" title={view === "all" ? "No work outside yet" : "Nothing here"}>
          {view === "waiting" ? "No work waits for a decision." : null}
          {view === "moving" ? "Nothing is running or waiting to run." : null}
          {view === "all"
            ? "A refresh of prices, for example, appears here with its progress."
            : null}
        </EmptyState>
      ) : (
        <>
          {query.isError ? (
            <div className="p-2">
              <StaleNotice onRetry={() => void query.refetch()}>
                {query.error.message}. This is the last known state.
              </StaleNotice>
            </div>
          ) : null}
          <DataTable
            columns={COLUMNS}
            label="Work outside"
            onOpen={(row) => setOpened(row.id)}
            rowId={(row) => row.id}
            rows={rows}
            selectedId={opened ?? undefined}
          />
          {query.hasNextPage ? (
            <div className="flex items-center gap-3 border-t px-4 py-2 text-xs text-muted">
              {formatCount(rows.length)} shown
              <Button
                busy={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
                size="small"
              >
                Show more
              </Button>
            </div>
          ) : null}
        </>
      )}
      {opened ? <EffectSheet id={opened} key={opened} onClose={() => setOpened(null)} /> : null}
    </Section>
  );
}
