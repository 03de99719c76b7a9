"use client";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { useAccounts, useAllocation, useMay } from "@/api/hooks";
import { NewAccount } from "@/app/(product)/accounts/NewAccount";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { Icon } from "@/components/Icon";
import { Page, Section } from "@/components/Page";
import { EmptyState, Loaded } from "@/components/States";
import { Figure } from "@/figures/Figure";
import { inWords } from "@/figures/format";
import { Money } from "@/figures/Money";

type Account = Schemas["AccountWithBalances"];

export function Accounts() {
  const accounts = useAccounts();
  const allocation = useAllocation("account");
  const router = useRouter();
  const mayWrite = useMay("ledger:write");
  const [opening, setOpening] = useState(false);
  const values = new Map(allocation.data?.slices.map((slice) => [slice.key, slice]));
  const columns: Column<Account>[] = [
    {
      id: "name",
      header: "Account",
      sortBy: (row) => row.name,
      cell: (row) => (
        <span className="flex items-center gap-2">
          <span className="min-w-0">
            <span className="block truncate font-medium">{row.name}</span>
            <span className="block truncate text-xs text-muted sm:hidden">
              {row.institution ?? inWords(row.kind)}
            </span>
          </span>
          {row.closed_at ? <Badge>Closed</Badge> : null}
        </span>
      ),
    },
    {
      id: "institution",
      header: "Institution",
      from: "sm",
      sortBy: (row) => row.institution ?? null,
      cell: (row) => <span className="text-muted">{row.institution ?? "\u2014"}</span>,
    },
    {
      id: "kind",
      header: "Kind",
      from: "md",
      sortBy: (row) => row.kind,
      cell: (row) => <span className="text-muted">{inWords(row.kind)}</span>,
    },
    {
      id: "cash",
      header: "Cash",
      from: "sm",
      numeric: true,
      cell: (row) => <CashOf account={row} />,
    },
    {
      id: "holdings",
      header: "Holdings",
      from: "lg",
      numeric: true,
      sortBy: (row) => row.balances.filter((balance) => balance.kind !== "fiat").length,
      cell: (row) => (
        <span className="figures text-muted">
          {row.balances.filter((balance) => balance.kind !== "fiat").length || "\u2014"}
        </span>
      ),
    },
    {
      id: "value",
      header: "Value",
      numeric: true,
      sortBy: (row) => values.get(row.id)?.value.value ?? null,
      cell: (row) => {
        const slice = values.get(row.id);
        return slice ? (
          <Figure figure={slice.value} name={`Value of ${row.name}`} />
        ) : (
          <span className="text-faint">{"\u2014"}</span>
        );
      },
    },
    {
      id: "weight",
      header: "Share",
      from: "md",
      numeric: true,
      cell: (row) => {
        const slice = values.get(row.id);
        return slice ? (
          <Figure
            className="text-muted"
            digits={1}
            figure={slice.weight}
            name={`Share of ${row.name}`}
          />
        ) : null;
      },
    },
  ];
  return (
    <Page
      about="Everything the book keeps, by account. Balances are exact in their own currency; values are in the workspace's."
      actions={
        mayWrite ? (
          <Button onClick={() => setOpening(true)} tone="primary">
            <Icon name="plus" size={14} />
            Open an account
          </Button>
        ) : null
      }
      title="Accounts"
    >
      <Loaded query={accounts}>
        {(data) =>
          data.items.length === 0 ? (
            <section className="card">
              <EmptyState icon="accounts" title="There is no account yet">
                An import opens the accounts its file names. You can also open one by hand.
              </EmptyState>
            </section>
          ) : (
            groups(data.items).map(([title, rows]) => (
              <Section flush key={title} title={title}>
                <DataTable
                  columns={columns}
                  label={title}
                  onOpen={(row) => router.push(`/accounts/detail/?id=${row.id}`)}
                  rowId={(row) => row.id}
                  rows={rows}
                />
              </Section>
            ))
          )
        }
      </Loaded>
      <NewAccount onClose={() => setOpening(false)} open={opening} />
    </Page>
  );
}

function groups(accounts: readonly Account[]): [string, Account[]][] {
  const open = accounts.filter((account) => account.closed_at === null);
  const parts: [string, Account[]][] = [
    ["What you own", open.filter((account) => account.account_class === "asset")],
    ["What you owe", open.filter((account) => account.account_class === "liability")],
    ["Closed", accounts.filter((account) => account.closed_at !== null)],
  ];
  return parts.filter(([, rows]) => rows.length > 0);
}

function CashOf({ account }: { account: Account }) {
  const cash = account.balances.filter((balance) => balance.kind === "fiat");
  if (cash.length === 0) return <span className="text-faint">{"\u2014"}</span>;
  return (
    <span className="flex flex-col">
      {cash.map((balance) => (
        <Money currency={balance.code} key={balance.code} value={balance.amount} />
      ))}
    </span>
  );
}
