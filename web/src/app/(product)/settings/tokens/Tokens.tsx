"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { NewToken } from "@/app/(product)/settings/tokens/NewToken";
import { SettingsTabs } from "@/app/(product)/settings/SettingsTabs";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { Icon } from "@/components/Icon";
import { Page, Section } from "@/components/Page";
import { PreviewDialog } from "@/components/PreviewDialog";
import { EmptyState, Loaded } from "@/components/States";
import { formatDay, formatMoment } from "@/figures/format";
import { notify } from "@/state/toasts";

type Token = Schemas["ApiToken"];

export function Tokens() {
  const client = useQueryClient();
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const tokens = useQuery({
    queryKey: ["identity", "tokens"],
    queryFn: () => answer(api.GET("/api/v1/api-tokens", { params: { query: { limit: 200 } } })),
  });
  const revoke = useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE("/api/v1/api-tokens/{token_id}", { params: { path: { token_id: id } } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["identity", "tokens"] });
      setRevoking(null);
      notify({ tone: "good", title: "The token is revoked" });
    },
  });
  const columns: Column<Token>[] = [
    {
      id: "name",
      header: "Token",
      cell: (row) => (
        <span>
          <span className="block font-medium">{row.name}</span>
          <code className="font-mono text-2xs text-muted">
            {row.prefix}
            {"\u2026"}
          </code>
        </span>
      ),
    },
    {
      id: "scopes",
      header: "Rights",
      from: "md",
      className: "max-w-72",
      cell: (row) => (
        <span className="block truncate text-xs text-muted" title={row.scopes.join(", ")}>
          {row.scopes.join(", ")}
        </span>
      ),
    },
    {
      id: "used",
      header: "Last used",
      from: "sm",
      cell: (row) => (
        <span className="figures text-muted">
          {row.last_used_at ? formatMoment(row.last_used_at) : "Never"}
        </span>
      ),
    },
    {
      id: "expires",
      header: "Expires",
      from: "sm",
      cell: (row) =>
        row.revoked_at ? (
          <Badge>Revoked</Badge>
        ) : (
          <span className="figures text-muted">{formatDay(row.expires_at)}</span>
        ),
    },
    {
      id: "revoke",
      header: "",
      numeric: true,
      cell: (row) =>
        row.revoked_at ? null : (
          <Button
            aria-label={`Revoke ${row.name}`}
            onClick={() => setRevoking(row)}
            size="small"
            tone="danger"
          >
            Revoke
          </Button>
        ),
    },
  ];
  return (
    <Page title="Settings">
      <SettingsTabs current="/settings/tokens/" />
      <Section
        about="For programs and agents. A token never holds admin or approve, and is shown once."
        actions={
          <Button onClick={() => setMaking(true)} tone="primary">
            <Icon name="plus" size={14} />
            New token
          </Button>
        }
        flush
        title="API tokens"
      >
        <Loaded query={tokens}>
          {(data) =>
            data.items.length === 0 ? (
              <EmptyState icon="lock" title="There is no token" />
            ) : (
              <DataTable
                columns={columns}
                label="API tokens"
                rowId={(row) => row.id}
                rows={data.items}
              />
            )
          }
        </Loaded>
      </Section>
      {making ? <NewToken onClose={() => setMaking(false)} /> : null}
      <PreviewDialog
        busy={revoke.isPending}
        confirm="Revoke it"
        danger
        facts={
          revoking
            ? [
                ["Token", revoking.name],
                [
                  "Starts with",
                  <code className="font-mono text-xs" key="p">
                    {revoking.prefix}
                  </code>,
                ],
              ]
            : []
        }
        onClose={() => setRevoking(null)}
        onConfirm={() => revoking && revoke.mutate(revoking.id)}
        open={revoking !== null}
        reversible="Programs that use it are refused within seconds. This cannot be undone; a new token can be made."
        title="Revoke this token?"
      />
    </Page>
  );
}
