"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { answer, api, newIdempotencyKey } from "@/api/client";
import { useMay } from "@/api/hooks";
import { ProgressBar } from "@/app/(product)/jobs/ProgressBar";
import { toneOfWork, workInWords, type Effect } from "@/app/(product)/jobs/work";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { CheckField, TextField } from "@/components/Field";
import { Facts } from "@/components/Page";
import { Sheet } from "@/components/Sheet";
import { Loaded } from "@/components/States";
import { formatMoment } from "@/figures/format";
import { textOf } from "@/forms/reading";
import { Refusal } from "@/forms/Refusal";
import { notify } from "@/state/toasts";

const LOOK_MILLISECONDS = 1500;

/** One piece of work: how it stands, what went wrong, and what a person can decide. */
export function EffectSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery({
    queryKey: ["developer", "effect", id],
    queryFn: () =>
      answer(api.GET("/api/v1/effects/{effect_id}", { params: { path: { effect_id: id } } })),
    refetchInterval: ({ state: { data } }) =>
      data?.state === "queued" || data?.state === "running" ? LOOK_MILLISECONDS : false,
  });
  const maySteer = useMay("developer:write");
  return (
    <Sheet onClose={onClose} open title={query.data?.kind ?? "Work"}>
      <Loaded query={query}>
        {(effect) => (
          <div className="flex flex-col gap-6">
            <Standing effect={effect} />
            {maySteer ? <Steering effect={effect} /> : null}
          </div>
        )}
      </Loaded>
    </Sheet>
  );
}

function Standing({ effect }: { effect: Effect }) {
  return (
    <Facts
      items={[
        [
          "State",
          <Badge key="s" tone={toneOfWork(effect.state)}>
            {workInWords(effect.state)}
          </Badge>,
        ],
        ...(effect.progress
          ? ([["Progress", <ProgressBar key="p" progress={effect.progress} />]] as const)
          : []),
        ["Attempts", `${effect.attempts} of ${effect.attempts_max}`],
        ["Asked for", formatMoment(effect.created_at)],
        ...(effect.next_at ? ([["Tried next", formatMoment(effect.next_at)]] as const) : []),
        ...(effect.finished_at ? ([["Ended", formatMoment(effect.finished_at)]] as const) : []),
        ...(effect.error_message
          ? ([
              ["Went wrong", `${effect.error_message} (${effect.error_code ?? "no code"})`],
            ] as const)
          : []),
        ...(effect.in_doubt
          ? ([["In doubt", "The last attempt ended without an answer"]] as const)
          : []),
        [
          "Id",
          <code className="font-mono text-xs break-all" key="i">
            {effect.id}
          </code>,
        ],
      ]}
    />
  );
}

function Steering({ effect }: { effect: Effect }) {
  const client = useQueryClient();
  const [key] = useState(newIdempotencyKey);
  const [missing, setMissing] = useState(false);
  const settle = () => void client.invalidateQueries({ queryKey: ["developer"] });
  const path = { effect_id: effect.id };
  const retry = useMutation({
    meta: { quiet: true },
    mutationFn: (notCarriedOut: boolean) =>
      answer(
        api.POST("/api/v1/effects/{effect_id}/retry", {
          params: { path, header: { "Idempotency-Key": `${key}-${effect.attempts}` } },
          body: { ...path, not_carried_out: notCarriedOut },
        }),
      ),
    onSettled: settle,
    onSuccess: () => notify({ tone: "good", title: "It is tried again now" }),
  });
  const drop = useMutation({
    meta: { quiet: true },
    mutationFn: (reason: string) =>
      answer(
        api.POST("/api/v1/effects/{effect_id}/drop", {
          params: { path, header: { "Idempotency-Key": `${key}-drop` } },
          body: { ...path, reason },
        }),
      ),
    onSettled: settle,
    onSuccess: () => notify({ tone: "good", title: "It is dropped" }),
  });
  const steerable = ["queued", "dead", "uncertain"].includes(effect.state);
  if (!steerable) return null;

  function submitRetry(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    retry.mutate(new FormData(event.currentTarget).get("not-carried-out") !== null);
  }
  function submitDrop(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const reason = textOf(new FormData(event.currentTarget), "reason");
    setMissing(reason === "");
    if (reason) drop.mutate(reason);
  }
  return (
    <>
      <form className="flex flex-col items-start gap-3 border-t pt-4" onSubmit={submitRetry}>
        {effect.state === "uncertain" ? (
          <CheckField
            hint="You looked there yourself. Otherwise Bursar only looks it up."
            label="The provider did not carry it out: do it again"
            name="not-carried-out"
            value="yes"
          />
        ) : null}
        <Button busy={retry.isPending} tone="primary" type="submit">
          Try again now
        </Button>
        {retry.error ? <Refusal error={retry.error} /> : null}
      </form>
      <form className="flex flex-col gap-3 border-t pt-4" noValidate onSubmit={submitDrop}>
        <TextField
          error={missing ? "Say why; it is kept in the journal." : undefined}
          hint="It will not happen, for good. The reason is kept in the journal."
          label="Reason to drop it"
          maxLength={500}
          name="reason"
        />
        <Button busy={drop.isPending} className="self-start" tone="danger" type="submit">
          Drop it
        </Button>
        {drop.error ? <Refusal error={drop.error} /> : null}
      </form>
    </>
  );
}
