"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { CheckField, SelectField, TextField } from "@/components/Field";
import { Sheet } from "@/components/Sheet";
import { textOf } from "@/forms/reading";
import { Refusal } from "@/forms/Refusal";
import { notify } from "@/state/toasts";

export const COST_METHODS: readonly (readonly [Schemas["CostMethod"], string])[] = [
  ["fifo", "FIFO \u2014 oldest first"],
  ["lifo", "LIFO \u2014 newest first"],
  ["hifo", "HIFO \u2014 dearest first"],
  ["lofo", "LOFO \u2014 cheapest first"],
  ["average", "Average cost"],
  ["specific", "Chosen lots"],
];
const FORM = "account-rules";

/** Name, institution, cost method and rules of an account. */
export function AccountRules({ account }: { account: Schemas["AccountWithBalances"] }) {
  const [open, setOpen] = useState(false);
  const client = useQueryClient();
  const change = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Omit<Schemas["AccountChange"], "account_id">) =>
      answer(
        api.PATCH("/api/v1/accounts/{account_id}", {
          params: { path: { account_id: account.id } },
          body: { ...body, account_id: account.id },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries();
      notify({ tone: "good", title: "The account is changed" });
      setOpen(false);
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    change.mutate({
      name: textOf(form, "name"),
      institution: textOf(form, "institution") || null,
      cost_method: textOf(form, "cost_method") as Schemas["CostMethod"],
      allow_short: form.has("allow_short"),
      no_overdraft: form.has("no_overdraft"),
    });
  }

  return (
    <>
      <Button onClick={() => setOpen(true)}>Change</Button>
      <Sheet
        about="A new cost method derives all lots and gains of this account anew."
        as="dialog"
        footer={
          <>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button busy={change.isPending} form={FORM} tone="primary" type="submit">
              Save
            </Button>
          </>
        }
        onClose={() => setOpen(false)}
        open={open}
        title={`Change ${account.name}`}
      >
        <form className="flex flex-col gap-4" id={FORM} onSubmit={submit}>
          <TextField defaultValue={account.name} label="Name" name="name" required />
          <TextField
            defaultValue={account.institution ?? ""}
            label="Institution"
            name="institution"
          />
          <SelectField
            defaultValue={account.cost_method}
            label="Cost method"
            name="cost_method"
            options={COST_METHODS}
          />
          <CheckField
            defaultChecked={account.no_overdraft}
            hint="Refused while the account is already below zero."
            label="Keep cash from falling below zero"
            name="no_overdraft"
          />
          <CheckField
            defaultChecked={account.allow_short}
            label="Allow selling more than is held"
            name="allow_short"
          />
          {change.error ? <Refusal error={change.error} /> : null}
        </form>
      </Sheet>
    </>
  );
}
