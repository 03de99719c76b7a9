"use client";
import { useState } from "react";
import {
  jobInWords,
  toneOfWork,
  useRuns,
  useSchedules,
  workInWords,
  type JobRun,
} from "@/app/(product)/jobs/work";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { SelectField } from "@/components/Field";
import { Section } from "@/components/Page";
import { EmptyState, ErrorState, SkeletonRows } from "@/components/States";
import { formatCount, formatMoment, inWords } from "@/figures/format";

function lasted(run: JobRun): string {
  if (!run.finished_at) return "\u2014";
  const milliseconds = Date.parse(run.finished_at) - Date.parse(run.started_at);
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function outcomeOf(run: JobRun): string {
  if (run.error_code) return run.error_code;
  return Object.entries(run.result ?? {})
    .map(
      ([name, value]) =>
        `${inWords(name)}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
    )
    .join(", ");
}

const COLUMNS: Column<JobRun>[] = [
  {
    id: "started",
    header: "Began",
    cell: (row) => (
      <span className="figures whitespace-nowrap text-muted">{formatMoment(row.started_at)}</span>
    ),
  },
  {
    id: "job",
    header: "Job",
    cell: (row) => <span className="font-medium whitespace-nowrap">{jobInWords(row.job)}</span>,
  },
  {
    id: "outcome",
    header: "Result",
    from: "md",
    className: "max-w-0 w-full",
    cell: (row) => <span className="block truncate text-muted">{outcomeOf(row)}</span>,
  },
  {
    id: "lasted",
    header: "Took",
    numeric: true,
    from: "sm",
    cell: (row) => <span className="figures text-muted">{lasted(row)}</span>,
  },
  {
    id: "state",
    header: "State",
    cell: (row) => <Badge tone={toneOfWork(row.state)}>{workInWords(row.state)}</Badge>,
  },
];

/** Past runs of the scheduled jobs, newest first. */
export function RunsCard() {
  const [job, setJob] = useState("");
  const schedules = useSchedules();
  const query = useRuns(job);
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      actions={
        <SelectField
          hideLabel
          label="Job"
          onChange={(event) => setJob(event.target.value)}
          options={[
            ["", "All jobs"],
            ...(schedules.data?.items ?? []).map((one) => [one.job, jobInWords(one.job)] as const),
          ]}
          value={job}
        />
      }
      flush
      title="Runs"
    >
      {query.isPending ? (
        <SkeletonRows rows={6} />
      ) : query.isError && rows.length === 0 ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <EmptyState icon="clock" title="It has not run yet" />
      ) : (
        <>
          <DataTable
            columns={COLUMNS}
            label="Runs"
            maxHeight="28rem"
            rowId={(row) => row.id}
            rows={rows}
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
    </Section>
  );
}
