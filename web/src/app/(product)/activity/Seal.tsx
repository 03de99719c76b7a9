"use client";
import type { Schemas } from "@/api/client";
import { useCheckpoints, useSealCheck } from "@/app/(product)/activity/journal";
import { Button } from "@/components/Button";
import { classes } from "@/components/classes";
import { Icon } from "@/components/Icon";
import { Section } from "@/components/Page";
import { Loaded, Skeleton } from "@/components/States";
import { formatCount, formatMoment } from "@/figures/format";
import { Refusal } from "@/forms/Refusal";

/** The seal of the journal: how far it reaches, and a check of all of it on demand. */
export function Seal() {
  const checkpoints = useCheckpoints();
  const check = useSealCheck();
  return (
    <Section
      actions={
        <Button busy={check.isPending} onClick={() => check.mutate()}>
          <Icon name="lock" size={14} />
          {check.data ? "Check again" : "Check the seal"}
        </Button>
      }
      title="Seal"
    >
      <Loaded query={checkpoints} skeleton={<Skeleton className="h-5 w-72" />}>
        {({ newest, count }) =>
          newest ? (
            <p className="text-sm text-muted">
              {formatCount(newest.size)} rows are sealed under {formatCount(count)} signed{" "}
              {count === 1 ? "checkpoint" : "checkpoints"}, the newest of {formatMoment(newest.at)}{" "}
              with key <code className="font-mono text-xs">{newest.key_id}</code>.
            </p>
          ) : (
            <p className="text-sm text-muted">
              No checkpoint is signed yet; the first follows within seconds of the first row.
            </p>
          )
        }
      </Loaded>
      <div aria-live="polite" className="empty:hidden">
        {check.data ? <Verdict verdict={check.data} /> : null}
        {check.error ? (
          <div className="mt-3">
            <Refusal error={check.error} />
          </div>
        ) : null}
      </div>
    </Section>
  );
}

function Verdict({ verdict }: { verdict: Schemas["LogVerdict"] }) {
  const { holds, rows, checkpoints, anchors, bad_index: bad, bad_index_end: end } = verdict;
  return (
    <p
      className={classes(
        "mt-3 flex gap-2 rounded-md px-3 py-2 text-sm",
        holds ? "bg-sunken" : "bg-loss-soft text-loss",
      )}
    >
      <Icon
        className={classes("mt-0.5 shrink-0", holds && "text-gain")}
        name={holds ? "check" : "warning"}
        size={14}
      />
      <span>
        {holds
          ? `Whole and unchanged: ${formatCount(rows)} rows, ${formatCount(checkpoints)} checkpoints and ${formatCount(anchors)} anchors were checked.`
          : `Broken${bad === null ? "" : end === null ? ` at row ${formatCount(bad)} of the log` : ` between rows ${formatCount(bad)} and ${formatCount(end)} of the log`}: ${verdict.reason ?? "no reason was given"}.`}
      </span>
    </p>
  );
}
