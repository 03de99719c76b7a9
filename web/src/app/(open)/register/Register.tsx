"use client";
import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { useState, useSyncExternalStore, type SubmitEvent } from "react";
import { answer, api, ApiError, type Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { SelectField, TextField } from "@/components/Field";
import { Refusal } from "@/forms/Refusal";
import { textOf } from "@/forms/reading";
import { CURRENCIES } from "@/forms/currencies";
import { pageAfterSignIn } from "@/shell/returning";

type Field = "username" | "password" | "email" | "invitation";
const PASSWORD_CHARACTERS_MIN = 8;
const never = () => () => undefined;

function findProblems(body: Schemas["Register"]): Partial<Record<Field, string>> {
  const problems: Partial<Record<Field, string>> = {};
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$/.test(body.username)) {
    problems.username = "2 to 64 letters, digits, dots or dashes, starting with a letter or digit.";
  }
  if (body.password.length < PASSWORD_CHARACTERS_MIN)
    problems.password = `At least ${PASSWORD_CHARACTERS_MIN} characters.`;
  if (body.email && !/^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(body.email))
    problems.email = "This is not an e-mail address.";
  return problems;
}

export function Register() {
  const fragment = useSyncExternalStore(
    never,
    () => window.location.hash.slice(1),
    () => "",
  );
  const [problems, setProblems] = useState<Partial<Record<Field, string>>>({});
  const register = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Schemas["Register"]) => answer(api.POST("/api/v1/auth/register", { body })),
    onSuccess: () => window.location.replace(pageAfterSignIn(null)),
    onError: (error) => {
      if (error instanceof ApiError && error.field) setProblems({ [error.field]: error.message });
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const invitation = textOf(form, "invitation");
    const body: Schemas["Register"] = {
      username: textOf(form, "username"),
      password: textOf(form, "password"),
      ...(textOf(form, "email") ? { email: textOf(form, "email") } : {}),
      ...(textOf(form, "display_name") ? { display_name: textOf(form, "display_name") } : {}),
      ...(invitation
        ? { invitation }
        : {
            workspace_name: textOf(form, "workspace_name") || "Home",
            base_currency: textOf(form, "base_currency"),
          }),
    };
    const found = findProblems(body);
    setProblems(found);
    if (Object.keys(found).length === 0) register.mutate(body);
  }

  return (
    <div className="m-auto w-full max-w-md px-4 py-8">
      <form className="flex flex-col gap-4 card p-6" noValidate onSubmit={submit}>
        <div>
          <h1 className="text-base font-semibold tracking-tight">Create an account</h1>
          <p className="mt-1 text-sm text-muted">
            The first person of a server becomes its owner; everyone else needs an invitation.
          </p>
        </div>
        <TextField
          autoComplete="username"
          error={problems.username}
          label="User name"
          name="username"
          spellCheck={false}
        />
        <TextField
          autoComplete="new-password"
          error={problems.password}
          hint={`At least ${PASSWORD_CHARACTERS_MIN} characters`}
          label="Password"
          name="password"
          type="password"
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField autoComplete="name" label="Name (optional)" name="display_name" />
          <TextField
            autoComplete="email"
            error={problems.email}
            label="E-mail (optional)"
            name="email"
            type="email"
          />
        </div>
        <TextField
          defaultValue={fragment}
          error={problems.invitation}
          hint="Filled in when you came by an invitation link."
          key={fragment}
          label="Invitation"
          name="invitation"
          spellCheck={false}
        />
        {fragment ? null : (
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              defaultValue="Home"
              hint="Without an invitation only"
              label="Workspace"
              name="workspace_name"
            />
            <SelectField
              defaultValue="USD"
              label="Base currency"
              name="base_currency"
              options={CURRENCIES}
            />
          </div>
        )}
        {register.error && Object.keys(problems).length === 0 ? (
          <Refusal error={register.error} />
        ) : null}
        <Button busy={register.isPending || register.isSuccess} tone="primary" type="submit">
          Create the account
        </Button>
      </form>
      <p className="mt-4 text-center text-sm text-muted">
        Registered already?{" "}
        <Link className="font-medium text-accent-ink underline underline-offset-2" href="/sign-in/">
          Sign in
        </Link>
      </p>
    </div>
  );
}
