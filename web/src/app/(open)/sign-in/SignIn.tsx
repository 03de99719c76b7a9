"use client";
import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { useState, useSyncExternalStore, type SubmitEvent } from "react";
import { answer, api } from "@/api/client";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Refusal } from "@/forms/Refusal";
import { textOf } from "@/forms/reading";
import { pageAfterSignIn } from "@/shell/returning";

const never = () => () => undefined;

/** The part of the address that only the browser knows; it never reaches a log of the server. */
function useAddress(): { secret: string; next: string | null; signedOut: boolean } {
  const address = useSyncExternalStore(
    never,
    () => window.location.href,
    () => "http://localhost/",
  );
  const { hash, searchParams } = new URL(address);
  return {
    secret: hash.startsWith("#bur_link_") ? hash.slice(1) : "",
    next: searchParams.get("next"),
    signedOut: searchParams.has("signed-out"),
  };
}

/** Leave with a full load, so that every page starts with the new session. */
function enter(next: string | null): void {
  window.location.replace(pageAfterSignIn(next));
}

export function SignIn() {
  const { secret, next, signedOut } = useAddress();
  const [spent, setSpent] = useState(false);
  return (
    <div className="m-auto w-full max-w-sm px-4 py-8">
      <div className="card p-6">
        <h1 className="text-base font-semibold tracking-tight">Sign in</h1>
        {secret && !spent ? (
          <LinkSignIn next={next} onSpent={() => setSpent(true)} secret={secret} />
        ) : (
          <PasswordSignIn
            next={next}
            said={
              signedOut
                ? "You are signed out."
                : next
                  ? "Sign in to open the page you asked for."
                  : undefined
            }
          />
        )}
      </div>
      <p className="mt-4 text-center text-sm text-muted">
        New here?{" "}
        <Link
          className="font-medium text-accent-ink underline underline-offset-2"
          href="/register/"
        >
          Create an account
        </Link>
      </p>
    </div>
  );
}

function LinkSignIn({
  secret,
  next,
  onSpent,
}: {
  secret: string;
  next: string | null;
  onSpent: () => void;
}) {
  const use = useMutation({
    meta: { quiet: true },
    mutationFn: () => answer(api.POST("/api/v1/auth/link", { body: { secret } })),
    onSuccess: () => enter(next),
  });
  return (
    <div className="mt-2 flex flex-col gap-4">
      <p className="text-sm text-muted">
        This link signs you in once. It is used up when you press the button, not before.
      </p>
      {use.error ? <Refusal error={use.error} /> : null}
      {use.isError ? (
        <Button
          onClick={() => {
            window.history.replaceState(
              null,
              "",
              window.location.pathname + window.location.search,
            );
            onSpent();
          }}
        >
          Sign in with a password instead
        </Button>
      ) : (
        <Button busy={use.isPending || use.isSuccess} onClick={() => use.mutate()} tone="primary">
          Sign in with this link
        </Button>
      )}
    </div>
  );
}

function PasswordSignIn({ next, said }: { next: string | null; said: string | undefined }) {
  const [missing, setMissing] = useState<{ username?: string; password?: string }>({});
  const signIn = useMutation({
    meta: { quiet: true },
    mutationFn: (body: { username: string; password: string }) =>
      answer(api.POST("/api/v1/auth/login", { body })),
    onSuccess: () => enter(next),
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const username = textOf(form, "username");
    const password = textOf(form, "password");
    setMissing({
      ...(username ? {} : { username: "Enter your user name or e-mail address." }),
      ...(password ? {} : { password: "Enter your password." }),
    });
    if (username && password) signIn.mutate({ username, password });
  }

  return (
    <form className="mt-2 flex flex-col gap-4" noValidate onSubmit={submit}>
      {said ? <p className="text-sm text-muted">{said}</p> : null}
      <TextField
        autoComplete="username"
        error={missing.username}
        label="User name or e-mail"
        name="username"
        spellCheck={false}
      />
      <TextField
        autoComplete="current-password"
        error={missing.password}
        label="Password"
        name="password"
        type="password"
      />
      {signIn.error ? <Refusal error={signIn.error} /> : null}
      <Button busy={signIn.isPending || signIn.isSuccess} tone="primary" type="submit">
        Sign in
      </Button>
      <p className="text-xs text-muted">
        No password yet? The server prints a one-time link when it starts, and an admin can make one
        for you.
      </p>
    </form>
  );
}
