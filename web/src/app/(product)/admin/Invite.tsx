"use client";
import { useMutation } from "@tanstack/react-query";
import type { SubmitEvent } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { ROLES } from "@/app/(product)/admin/roles";
import { Button } from "@/components/Button";
import { CopySecret } from "@/components/CopySecret";
import { SelectField, TextField } from "@/components/Field";
import { Sheet } from "@/components/Sheet";
import { formatMoment, inWords } from "@/figures/format";
import { textOf } from "@/forms/reading";
import { Refusal } from "@/forms/Refusal";

const FORM = "invite";

export function Invite({ onClose }: { onClose: () => void }) {
  const invite = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Schemas["InvitePerson"]) =>
      answer(api.POST("/api/v1/people/invitations", { body })),
  });
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = textOf(form, "email");
    invite.mutate({ role: textOf(form, "role") as Schemas["Role"], ...(email ? { email } : {}) });
  }
  if (invite.data) {
    return (
      <Sheet
        about={`Give it to the person. It registers one account until ${formatMoment(invite.data.expires_at)}, and is shown this once.`}
        as="dialog"
        footer={
          <Button onClick={onClose} tone="primary">
            Done
          </Button>
        }
        onClose={onClose}
        open
        title="The invitation is made"
      >
        <CopySecret
          label="invitation link"
          secret={`${window.location.origin}/register/#${invite.data.secret}`}
        />
      </Sheet>
    );
  }
  return (
    <Sheet
      as="dialog"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button busy={invite.isPending} form={FORM} tone="primary" type="submit">
            Make the invitation
          </Button>
        </>
      }
      onClose={onClose}
      open
      title="Invite a person"
    >
      <form className="flex flex-col gap-4" id={FORM} onSubmit={submit}>
        <SelectField
          defaultValue="viewer"
          hint="A viewer sees everything and changes nothing."
          label="Role"
          name="role"
          options={ROLES.map((role) => [role, inWords(role)])}
        />
        <TextField
          hint="When given, only this address can register."
          label="E-mail (optional)"
          name="email"
          type="email"
        />
        {invite.error ? <Refusal error={invite.error} /> : null}
      </form>
    </Sheet>
  );
}
