"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api, newIdempotencyKey } from "@/api/client";
import { useMay } from "@/api/hooks";
import {
  intervalInWords,
  jobInWords,
  toneOfWork,
  useSchedules,
  workInWords,
  type Schedule,
} from "@/app/(product)/jobs/work";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { Section } from "@/components/Page";
import { EmptyState, Loaded } from "@/components/States";
import { formatMoment } from "@/figures/format";
import { notify } from "@/state/toasts";

const COLUMNS: Column<Schedule>[] = [
  {
    id: "job",
    header: "Job",
    className: "max-w-0 w-full",
    cell: (row) => (
      <span className="block">
        <span className="block truncate font-medium">{jobInWords(row.job)}</span>
        <span className="block truncate text-xs text-muted">{row.text}</span>
      </span>
    ),
  },
  {
    id: "every",
    header: "Interval",
    from: "md",
    cell: (row) => (
      <span className="whitespace-nowrap text-muted">{intervalInWords(row.every_seconds)}</span>
    ),
  },
  {
    id: "last",
    header: "Last run",
    from: "sm",
    cell: (row) => (
      <span className="flex items-center gap-2 whitespace-nowrap">
        {row.last_state ? (
          <Badge tone={toneOfWork(row.last_state)}>{workInWords(row.last_state)}</Badge>
        ) : null}
        <span className="figures text-muted">
          {row.last_started_at ? formatMoment(row.last_started_at) : "Not yet"}
        </span>
      </span>
    ),
  },
  {
    id: "next",
    header: "Next",
    from: "lg",
    cell: (row) => (
      <span className="figures whitespace-nowrap text-muted">
        {row.next_at ? formatMoment(row.next_at) : "\u2014"}
      </span>
    ),
  },
];

const RUN: Column<Schedule> = {
  id: "run",
  header: "Run",
  numeric: true,
  cell: (row) => <RunNow job={row.job} />,
};

/** Jobs that run again and again, and a button that runs one now. */
export function SchedulesCard() {
  const query = useSchedules();
  const maySteer = useMay("developer:write");
  return (
    <Section flush title="Schedules">
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon="clock" title="No job is scheduled" />
          ) : (
            <DataTable
              columns={maySteer ? [...COLUMNS, RUN] : COLUMNS}
              label="Schedules"
              rowId={(row) => row.job}
              rows={items}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

function RunNow({ job }: { job: string }) {
  const client = useQueryClient();
  const run = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/v1/schedules/{job}/run", {
          params: { path: { job }, header: { "Idempotency-Key": newIdempotencyKey() } },
          body: { job },
        }),
      ),
    onSuccess: () => {
      notify({ tone: "good", title: `${jobInWords(job)} runs now` });
      void client.invalidateQueries({ queryKey: ["developer"] });
    },
  });
  return (
    <Button
      aria-label={`Run ${jobInWords(job)} now`}
      busy={run.isPending}
      onClick={() => run.mutate()}
      size="small"
    >
      Run now
    </Button>
  );
}
