"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useMay, useMe } from "@/api/hooks";
import { Health } from "@/app/(product)/admin/Health";
import { Invite } from "@/app/(product)/admin/Invite";
import { ROLES } from "@/app/(product)/admin/roles";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { CopySecret } from "@/components/CopySecret";
import { DataTable, type Column } from "@/components/DataTable";
import { SelectField } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Page, Section } from "@/components/Page";
import { PreviewDialog } from "@/components/PreviewDialog";
import { Sheet } from "@/components/Sheet";
import { ForbiddenState, Loaded } from "@/components/States";
import { formatDay, inWords } from "@/figures/format";
import { notify } from "@/state/toasts";

type Member = Schemas["Member"];

export function Admin() {
  const may = useMay("admin");
  return (
    <Page title="Admin">
      {may ? (
        <>
          <People />
          <Health />
        </>
      ) : (
        <section className="card">
          <ForbiddenState />
        </section>
      )}
    </Page>
  );
}

function usePeople() {
  return useQuery({
    queryKey: ["identity", "people"],
    queryFn: () => answer(api.GET("/api/v1/people", { params: { query: { limit: 500 } } })),
  });
}

function People() {
  const client = useQueryClient();
  const me = useMe();
  const people = usePeople();
  const [inviting, setInviting] = useState(false);
  const [removing, setRemoving] = useState<Member | null>(null);
  const [linked, setLinked] = useState<{ name: string; secret: string } | null>(null);
  const refresh = () => void client.invalidateQueries({ queryKey: ["identity", "people"] });
  const changeRole = useMutation({
    mutationFn: ({ id, role }: { id: string; role: Schemas["Role"] }) =>
      answer(
        api.PATCH("/api/v1/people/{person_id}", {
          params: { path: { person_id: id } },
          body: { person_id: id, role },
        }),
      ),
    onSettled: refresh,
    onSuccess: (member) =>
      notify({ tone: "good", title: `${member.display_name} is now ${member.role}` }),
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE("/api/v1/people/{person_id}", { params: { path: { person_id: id } } })),
    onSuccess: () => {
      refresh();
      setRemoving(null);
      notify({ tone: "good", title: "The person is removed" });
    },
  });
  const link = useMutation({
    mutationFn: (member: Member) =>
      answer(api.POST("/api/v1/auth/links", { body: { person_id: member.person_id } })),
    onSuccess: (made, member) =>
      setLinked({
        name: member.display_name,
        secret: `${window.location.origin}/sign-in/#${made.secret}`,
      }),
  });
  const isMe = (row: Member) => row.person_id === me.data?.person_id;
  const columns: Column<Member>[] = [
    {
      id: "name",
      header: "Person",
      cell: (row) => (
        <span>
          <span className="flex items-center gap-2 font-medium">
            {row.display_name}
            {isMe(row) ? <Badge tone="accent">You</Badge> : null}
            {row.disabled ? <Badge tone="warn">Switched off</Badge> : null}
          </span>
          <span className="block text-xs text-muted">{row.email ?? row.username}</span>
        </span>
      ),
    },
    {
      id: "joined",
      header: "Joined",
      from: "md",
      cell: (row) => <span className="figures text-muted">{formatDay(row.joined_at)}</span>,
    },
    {
      id: "role",
      header: "Role",
      cell: (row) =>
        isMe(row) ? (
          inWords(row.role)
        ) : (
          <SelectField
            className="w-32"
            hideLabel
            label={`Role of ${row.display_name}`}
            onChange={(event) =>
              changeRole.mutate({ id: row.person_id, role: event.target.value as Schemas["Role"] })
            }
            options={ROLES.map((role) => [role, inWords(role)])}
            value={row.role}
          />
        ),
    },
    {
      id: "do",
      header: "",
      numeric: true,
      from: "sm",
      cell: (row) =>
        isMe(row) ? null : (
          <span className="flex justify-end gap-2">
            <Button
              busy={link.isPending && link.variables === row}
              onClick={() => link.mutate(row)}
              size="small"
            >
              Sign-in link
            </Button>
            <Button onClick={() => setRemoving(row)} size="small" tone="danger">
              Remove
            </Button>
          </span>
        ),
    },
  ];
  return (
    <Section
      actions={
        <Button onClick={() => setInviting(true)} tone="primary">
          <Icon name="plus" size={14} />
          Invite a person
        </Button>
      }
      flush
      title="People"
    >
      <Loaded query={people}>
        {(data) => (
          <DataTable
            columns={columns}
            label="People"
            rowId={(row) => row.person_id}
            rows={data.items}
          />
        )}
      </Loaded>
      {inviting ? <Invite onClose={() => setInviting(false)} /> : null}
      <Sheet
        about="It works once, for 24 hours, and is shown this once."
        as="dialog"
        onClose={() => setLinked(null)}
        open={linked !== null}
        title={`Sign-in link for ${linked?.name ?? ""}`}
      >
        <CopySecret label="link" secret={linked?.secret ?? ""} />
      </Sheet>
      <PreviewDialog
        busy={remove.isPending}
        confirm="Remove"
        danger
        facts={
          removing
            ? [
                ["Person", removing.display_name],
                ["Role", inWords(removing.role)],
              ]
            : []
        }
        onClose={() => setRemoving(null)}
        onConfirm={() => removing && remove.mutate(removing.person_id)}
        open={removing !== null}
        reversible="Their sessions and tokens here stop within seconds. What they entered stays. They can be invited again."
        title="Remove this person?"
      />
    </Section>
  );
}
