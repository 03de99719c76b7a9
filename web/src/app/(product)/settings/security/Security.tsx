"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type SubmitEvent } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useMe } from "@/api/hooks";
import { SettingsTabs } from "@/app/(product)/settings/SettingsTabs";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Page, Section } from "@/components/Page";
import { Loaded } from "@/components/States";
import { formatMoment, inWords } from "@/figures/format";
import { textOf } from "@/forms/reading";
import { Refusal } from "@/forms/Refusal";
import { notify } from "@/state/toasts";

export function Security() {
  const me = useMe();
  return (
    <Page title="Settings">
      <SettingsTabs current="/settings/security/" />
      <div className="grid items-start gap-5 lg:grid-cols-[22rem_1fr]">
        <Section
          about="A new password ends every other session of yours."
          title={me.data?.has_password === false ? "Choose a password" : "Change the password"}
        >
          <Loaded query={me}>{(data) => <PasswordForm has={data.has_password} />}</Loaded>
        </Section>
        <Sessions />
      </div>
    </Page>
  );
}

function PasswordForm({ has }: { has: boolean }) {
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [problems, setProblems] = useState<{ fresh?: string; again?: string }>({});
  const change = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Schemas["ChangePassword"]) =>
      answer(api.POST("/api/v1/users/me/password", { body })),
    onSuccess: () => {
      form.current?.reset();
      void client.invalidateQueries({ queryKey: ["identity"] });
      notify({
        tone: "good",
        title: "The password is changed",
        text: "Every other session of yours has ended.",
      });
    },
  });
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const fresh = textOf(data, "fresh");
    const found = {
      ...(fresh.length < 8 ? { fresh: "At least 8 characters." } : {}),
      ...(fresh === textOf(data, "again") ? {} : { again: "The two do not agree." }),
    };
    setProblems(found);
    if (Object.keys(found).length === 0)
      change.mutate({
        new_password: fresh,
        ...(has ? { current_password: textOf(data, "current") } : {}),
      });
  }
  return (
    <form className="flex flex-col gap-4" noValidate onSubmit={submit} ref={form}>
      {has ? (
        <TextField
          autoComplete="current-password"
          label="Present password"
          name="current"
          type="password"
        />
      ) : null}
      <TextField
        autoComplete="new-password"
        error={problems.fresh}
        hint="At least 8 characters"
        label="New password"
        name="fresh"
        type="password"
      />
      <TextField
        autoComplete="new-password"
        error={problems.again}
        label="New password again"
        name="again"
        type="password"
      />
      {change.error ? <Refusal error={change.error} /> : null}
      <Button busy={change.isPending} className="self-start" tone="primary" type="submit">
        {has ? "Change the password" : "Choose this password"}
      </Button>
    </form>
  );
}

/** The browser and system, out of what a browser calls itself. */
function clientName(userAgent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(userAgent)?.[1];
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(userAgent)?.[1];
  if (!browser) return userAgent.slice(0, 60) || "Unknown client";
  const name = { Edg: "Edge", OPR: "Opera" }[browser] ?? browser;
  return system ? `${name} on ${system.replace("Mac OS X", "macOS")}` : name;
}

function Sessions() {
  const client = useQueryClient();
  const sessions = useQuery({
    queryKey: ["identity", "sessions"],
    queryFn: () => answer(api.GET("/api/v1/auth/sessions", { params: { query: { limit: 100 } } })),
  });
  const end = useMutation({
    mutationFn: (id: string) =>
      answer(
        api.DELETE("/api/v1/auth/sessions/{session_id}", { params: { path: { session_id: id } } }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["identity", "sessions"] });
      notify({ tone: "good", title: "The session has ended" });
    },
  });
  return (
    <Section about="Where you are signed in." flush title="Sessions">
      <Loaded query={sessions}>
        {(data) => (
          <ul className="divide-y">
            {data.items.map((session) => (
              <li
                className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm"
                key={session.id}
              >
                <div className="min-w-0 flex-1">
                  <p className="flex items-center gap-2">
                    <span className="truncate font-medium">{clientName(session.user_agent)}</span>
                    {session.current ? <Badge tone="accent">This one</Badge> : null}
                  </p>
                  <p className="text-xs text-muted">{`${session.address}, by ${inWords(session.way).toLowerCase()}, last seen ${formatMoment(session.last_seen_at)}`}</p>
                </div>
                {session.current ? null : (
                  <Button
                    busy={end.isPending && end.variables === session.id}
                    onClick={() => end.mutate(session.id)}
                    size="small"
                    tone="danger"
                  >
                    End it
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}
