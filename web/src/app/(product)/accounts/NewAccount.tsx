"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { answer, api, ApiError, newIdempotencyKey, type Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { SelectField, TextField } from "@/components/Field";
import { Sheet } from "@/components/Sheet";
import { CURRENCIES } from "@/forms/currencies";
import { textOf } from "@/forms/reading";
import { Refusal } from "@/forms/Refusal";
import { inWords } from "@/figures/format";
import { notify } from "@/state/toasts";

const KINDS = [
  "checking",
  "savings",
  "credit_card",
  "cash",
  "brokerage",
  "retirement",
  "exchange",
  "wallet",
  "loan",
  "property",
] as const;
const METHODS = ["fifo", "lifo", "hifo", "lofo", "average", "specific"] as const;
const FORM = "new-account";

export function NewAccount({ open, onClose }: { open: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const [key] = useState(newIdempotencyKey);
  const [missing, setMissing] = useState<string>();
  const create = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Schemas["NewAccount"]) =>
      answer(
        api.POST("/api/v1/accounts", {
          body,
          params: { header: { "Idempotency-Key": `${key}-${body.name}` } },
        }),
      ),
    onSuccess: (account) => {
      void client.invalidateQueries({ queryKey: ["ledger"] });
      notify({ tone: "good", title: `${account.name} is open` });
      onClose();
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = textOf(form, "name");
    setMissing(name ? undefined : "Give it a name.");
    if (!name) return;
    create.mutate({
      name,
      kind: textOf(form, "kind") as Schemas["NewAccount"]["kind"],
      currency: textOf(form, "currency"),
      cost_method: textOf(form, "cost_method") as Schemas["CostMethod"],
      ...(textOf(form, "institution") ? { institution: textOf(form, "institution") } : {}),
    });
  }

  const fieldError =
    create.error instanceof ApiError && create.error.field === "name"
      ? create.error.message
      : missing;
  return (
    <Sheet
      about="Opened empty. Import a statement into it, or enter what it holds."
      as="dialog"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button busy={create.isPending} form={FORM} tone="primary" type="submit">
            Open the account
          </Button>
        </>
      }
      onClose={onClose}
      open={open}
      title="Open an account"
    >
      <form className="grid gap-4 sm:grid-cols-2" id={FORM} noValidate onSubmit={submit}>
        <TextField
          className="sm:col-span-2"
          error={fieldError}
          label="Name"
          name="name"
          placeholder="Everyday checking"
        />
        <SelectField
          label="Kind"
          name="kind"
          options={KINDS.map((kind) => [kind, inWords(kind)])}
        />
        <SelectField label="Currency" name="currency" options={CURRENCIES} />
        <TextField label="Institution (optional)" name="institution" />
        <SelectField
          hint="Which lots a sale takes first"
          label="Cost method"
          name="cost_method"
          options={METHODS.map((method) => [
            method,
            method.length <= 4 ? method.toUpperCase() : inWords(method),
          ])}
        />
        {create.error && !fieldError ? (
          <div className="sm:col-span-2">
            <Refusal error={create.error} />
          </div>
        ) : null}
      </form>
    </Sheet>
  );
}
