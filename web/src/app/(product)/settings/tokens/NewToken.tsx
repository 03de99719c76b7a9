"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useMe } from "@/api/hooks";
import { Button } from "@/components/Button";
import { CheckField, SelectField, TextField } from "@/components/Field";
import { CopySecret } from "@/components/CopySecret";
import { Sheet } from "@/components/Sheet";
import { textOf } from "@/forms/reading";
import { Refusal } from "@/forms/Refusal";

const FORM = "new-token";
const PEOPLE_ONLY = ["admin", "approve"];
const LIVES = [
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["366", "A year"],
] as const;

/** Name, rights and life of a new token; then its secret, this once. */
export function NewToken({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const client = useQueryClient();
  const [problem, setProblem] = useState<{ name?: string; scopes?: string }>({});
  const create = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Schemas["CreateApiToken"]) =>
      answer(api.POST("/api/v1/api-tokens", { body })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["identity", "tokens"] }),
  });
  const offered = (me.data?.scopes ?? []).filter((scope) => !PEOPLE_ONLY.includes(scope));
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = textOf(form, "name");
    const scopes = form.getAll("scopes").map(String);
    const found = {
      ...(name ? {} : { name: "Say what it is for." }),
      ...(scopes.length > 0 ? {} : { scopes: "Choose at least one right." }),
    };
    setProblem(found);
    if (Object.keys(found).length === 0)
      create.mutate({ name, scopes, days: Number(textOf(form, "days")) });
  }
  if (create.data) {
    return (
      <Sheet
        about="It is shown this once. Keep it where only the program can read it."
        as="dialog"
        footer={
          <Button onClick={onClose} tone="primary">
            Done
          </Button>
        }
        onClose={onClose}
        open
        title={`${create.data.name} is made`}
      >
        <CopySecret label="token" secret={create.data.token} />
      </Sheet>
    );
  }
  return (
    <Sheet
      as="dialog"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button busy={create.isPending} form={FORM} tone="primary" type="submit">
            Make the token
          </Button>
        </>
      }
      onClose={onClose}
      open
      title="New token"
    >
      <form className="flex flex-col gap-4" id={FORM} noValidate onSubmit={submit}>
        <TextField
          error={problem.name}
          label="What it is for"
          name="name"
          placeholder="Claude Desktop"
        />
        <SelectField defaultValue="90" label="Works for" name="days" options={LIVES} />
        <fieldset>
          <legend className="mb-2 text-xs font-medium">Rights</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            {offered.map((scope) => (
              <CheckField
                defaultChecked={scope.endsWith(":read")}
                key={scope}
                label={scope}
                name="scopes"
                value={scope}
              />
            ))}
          </div>
          {problem.scopes ? (
            <p className="mt-2 text-xs text-loss" role="alert">
              {problem.scopes}
            </p>
          ) : null}
        </fieldset>
        {create.error ? <Refusal error={create.error} /> : null}
      </form>
    </Sheet>
  );
}
