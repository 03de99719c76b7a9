"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { SubmitEvent } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useMay, useMe, useWorkspace } from "@/api/hooks";
import { SettingsTabs } from "@/app/(product)/settings/SettingsTabs";
import { Button } from "@/components/Button";
import { SelectField, TextField } from "@/components/Field";
import { Facts, Page, Section } from "@/components/Page";
import { Loaded } from "@/components/States";
import { Segments } from "@/components/Tabs";
import { inWords } from "@/figures/format";
import { CURRENCIES } from "@/forms/currencies";
import { textOf } from "@/forms/reading";
import { Refusal } from "@/forms/Refusal";
import { notify } from "@/state/toasts";
import { useTheme } from "@/state/theme";

const THEMES = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

export function Profile() {
  const me = useMe();
  const workspace = useWorkspace();
  const { choice, choose } = useTheme();
  return (
    <Page title="Settings">
      <SettingsTabs current="/settings/" />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Section title="Profile">
          <Loaded query={me}>{(data) => <ProfileForm me={data} />}</Loaded>
        </Section>
        <div className="flex flex-col gap-5">
          <Section about="Figures are shown in the base currency." title="Workspace">
            <Loaded query={workspace}>{(data) => <WorkspaceForm workspace={data} />}</Loaded>
          </Section>
          <Section about="Kept in this browser." title="Theme">
            <Segments label="Theme" onChange={choose} options={THEMES} value={choice} />
          </Section>
        </div>
      </div>
    </Page>
  );
}

function ProfileForm({ me }: { me: Schemas["Profile"] }) {
  const client = useQueryClient();
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Schemas["UpdateProfile"]) => answer(api.PATCH("/api/v1/users/me", { body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["identity"] });
      notify({ tone: "good", title: "Your profile is saved" });
    },
  });
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = textOf(form, "email");
    save.mutate({ display_name: textOf(form, "display_name"), ...(email ? { email } : {}) });
  }
  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      <Facts
        items={[
          ["User name", me.username ?? "\u2014"],
          ["Role", me.role ? inWords(me.role) : "\u2014"],
        ]}
      />
      <TextField
        autoComplete="name"
        defaultValue={me.display_name}
        label="Name to show"
        name="display_name"
        required
      />
      <TextField
        autoComplete="email"
        defaultValue={me.email ?? ""}
        label="E-mail"
        name="email"
        type="email"
      />
      {save.error ? <Refusal error={save.error} /> : null}
      <Button busy={save.isPending} className="self-start" tone="primary" type="submit">
        Save
      </Button>
    </form>
  );
}

function WorkspaceForm({ workspace }: { workspace: Schemas["Workspace"] }) {
  const client = useQueryClient();
  const mayChange = useMay("admin");
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Schemas["ChangeWorkspace"]) =>
      answer(api.PATCH("/api/v1/workspace", { body })),
    onSuccess: () => {
      void client.invalidateQueries();
      notify({ tone: "good", title: "The workspace is changed" });
    },
  });
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    save.mutate({ name: textOf(form, "name"), base_currency: textOf(form, "base_currency") });
  }
  if (!mayChange) {
    return (
      <Facts
        items={[
          ["Name", workspace.name],
          ["Base currency", workspace.base_currency],
        ]}
      />
    );
  }
  const known = CURRENCIES.some(([code]) => code === workspace.base_currency);
  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      <TextField defaultValue={workspace.name} label="Name" name="name" required />
      <SelectField
        defaultValue={workspace.base_currency}
        label="Base currency"
        name="base_currency"
        options={
          known ? CURRENCIES : [[workspace.base_currency, workspace.base_currency], ...CURRENCIES]
        }
      />
      {save.error ? <Refusal error={save.error} /> : null}
      <Button busy={save.isPending} className="self-start" type="submit">
        Save
      </Button>
    </form>
  );
}
