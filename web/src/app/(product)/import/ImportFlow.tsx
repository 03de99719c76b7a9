"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, ApiError, newIdempotencyKey, type Schemas } from "@/api/client";
import { useAccounts } from "@/api/hooks";
import { asBase64, isTable } from "@/app/(product)/import/file";
import { MappingReview } from "@/app/(product)/import/MappingReview";
import { Outcome } from "@/app/(product)/import/Outcome";
import { Problems, type Problem } from "@/app/(product)/import/Problems";
import { Button } from "@/components/Button";
import { CheckField, SelectField } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Section } from "@/components/Page";
import { ErrorState, SkeletonRows } from "@/components/States";
import { formatCount } from "@/figures/format";
import { Refusal } from "@/forms/Refusal";
import { notify } from "@/state/toasts";

type Mapping = Schemas["Mapping"];

interface Choices {
  account: string;
  mapping: Mapping | null;
  partial: boolean;
}

/** The way of one file: read, explain the columns, try it, confirm. */
export function ImportFlow({
  file,
  onDone,
}: {
  file: File;
  onDone: (importId: string | null) => void;
}) {
  const client = useQueryClient();
  const accounts = useAccounts();
  const [key] = useState(newIdempotencyKey);
  const [choices, setChoices] = useState<Choices>({ account: "", mapping: null, partial: false });
  const content = useQuery({
    queryKey: ["import-file", file.name, file.size, file.lastModified],
    queryFn: () => asBase64(file),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const guess = useQuery({
    queryKey: ["banking", "mapping", file.name, file.size, file.lastModified],
    enabled: content.data !== undefined && isTable(file.name),
    queryFn: () =>
      answer(
        api.POST("/api/v1/imports/mapping", {
          body: { filename: file.name, content_base64: content.data ?? null },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const proposal =
    guess.data?.format === "csv" && guess.data.saved_name === null ? guess.data : null;
  const needsMapping = proposal !== null;
  const mapping = choices.mapping ?? proposal?.mapping ?? null;
  const ready = content.data !== undefined && (!isTable(file.name) || guess.isSuccess);
  const body: Schemas["ImportStatement"] = {
    filename: file.name,
    content_base64: content.data ?? null,
    partial: choices.partial,
    ...(choices.account ? { account: choices.account } : {}),
    ...(mapping ? { mapping: mapping } : {}),
  };
  const trial = useQuery({
    queryKey: [
      "banking",
      "trial",
      file.name,
      file.size,
      file.lastModified,
      choices.account,
      choices.partial,
      mapping,
    ],
    enabled: ready && (!needsMapping || mapping !== null),
    queryFn: () =>
      answer(api.POST("/api/v1/imports", { params: { query: { dry_run: true } }, body })),
    retry: false,
    gcTime: 0,
  });
  const confirm = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      answer(api.POST("/api/v1/imports", { params: { header: { "Idempotency-Key": key } }, body })),
    onSuccess: (result) => {
      void client.invalidateQueries();
      notify({
        tone: "good",
        title: `${file.name} is imported`,
        text: `${formatCount(result.added)} activities added`,
      });
      onDone(result.import_id);
    },
  });
  const refused = trial.error instanceof ApiError ? problemsOf(trial.error) : [];
  return (
    <>
      <Section
        about={`${formatCount(Math.ceil(file.size / 1024))} KB. Nothing is written yet.`}
        actions={
          <Button onClick={() => onDone(null)} tone="quiet">
            <Icon name="close" size={14} />
            Take another file
          </Button>
        }
        title={file.name}
      >
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <SelectField
            hint="Needed only when the file does not name one."
            label="Account"
            onChange={(event) => setChoices({ ...choices, account: event.target.value })}
            options={[
              ["", "As the file says"],
              ...(accounts.data?.items ?? [])
                .filter((one) => one.closed_at === null)
                .map((one) => [one.id, one.name] as const),
            ]}
            value={choices.account}
          />
          <div className="sm:pt-5">
            <CheckField
              checked={choices.partial}
              hint="Otherwise one bad row refuses the whole file."
              label="Take the good rows of a file with bad ones"
              onChange={(event) => setChoices({ ...choices, partial: event.target.checked })}
            />
          </div>
        </div>
      </Section>
      {guess.error ? <ErrorState error={guess.error} onRetry={() => void guess.refetch()} /> : null}
      {proposal ? (
        <MappingReview
          mapping={mapping}
          onChange={(next) => setChoices({ ...choices, mapping: next })}
          proposal={proposal}
        />
      ) : null}
      <Section
        about="What the import would do, tried on the server and rolled back."
        flush
        title="Preview"
      >
        {trial.isPending && trial.fetchStatus === "fetching" ? <SkeletonRows rows={4} /> : null}
        {trial.isPending && trial.fetchStatus === "idle" ? (
          <p className="px-4 py-3 text-sm text-muted">
            {needsMapping ? "Say which columns hold the day and the amount." : "Reading the file."}
          </p>
        ) : null}
        {trial.error ? (
          <div className="p-4">
            <Refusal error={trial.error} />
            {refused.length > 0 ? <Problems problems={refused} total={refused.length} /> : null}
          </div>
        ) : null}
        {trial.data ? <Outcome result={trial.data} /> : null}
        {confirm.error ? (
          <div className="px-4 pb-4">
            <Refusal error={confirm.error} />
          </div>
        ) : null}
        {trial.data ? (
          <div className="flex justify-end gap-2 border-t px-4 py-3">
            <Button onClick={() => onDone(null)}>Cancel</Button>
            <Button
              busy={confirm.isPending}
              disabled={trial.data.added === 0}
              onClick={() => confirm.mutate()}
              tone="primary"
            >
              {trial.data.added === 0
                ? "Nothing to add"
                : `Import ${formatCount(trial.data.added)} activities`}
            </Button>
          </div>
        ) : null}
      </Section>
    </>
  );
}

function problemsOf(error: ApiError): Problem[] {
  const details = error.details as { problems?: Problem[] } | null | undefined;
  return details?.problems ?? [];
}
