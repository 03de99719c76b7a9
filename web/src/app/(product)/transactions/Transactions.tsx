"use client";
import dynamic from "next/dynamic";
import { Suspense, useDeferredValue, useState } from "react";
import { useAccounts, type TransactionsQuestion } from "@/api/hooks";
import { KINDS } from "@/app/(product)/transactions/kinds";
import { TransactionsTable } from "@/app/(product)/transactions/TransactionsTable";
import { Button } from "@/components/Button";
import { SelectField, TextField } from "@/components/Field";
import { Page } from "@/components/Page";
import { SkeletonRows } from "@/components/States";
import { inWords } from "@/figures/format";

const ExportMenu = dynamic(
  () => import("@/app/(product)/transactions/ExportMenu").then((module) => module.ExportMenu),
  {
    ssr: false,
    loading: () => <Button disabled>Export</Button>,
  },
);

type Kind = NonNullable<TransactionsQuestion["kinds"]>[number];

interface Filter {
  text: string;
  account: string;
  kind: string;
  first: string;
  last: string;
}

const EVERYTHING: Filter = { text: "", account: "", kind: "", first: "", last: "" };

function questionOf(filter: Filter): TransactionsQuestion {
  return {
    ...(filter.text.trim() ? { text: filter.text.trim() } : {}),
    ...(filter.account ? { account: filter.account } : {}),
    ...(filter.kind ? { kinds: [filter.kind as Kind] } : {}),
    ...(filter.first ? { first_day: filter.first } : {}),
    ...(filter.last ? { last_day: filter.last } : {}),
  };
}

export function Transactions() {
  return (
    <Suspense fallback={<SkeletonRows rows={12} />}>
      <Filtered />
    </Suspense>
  );
}

function Filtered() {
  const [filter, setFilter] = useState(EVERYTHING);
  const shown = useDeferredValue(filter);
  const accounts = useAccounts();
  const set = (part: Partial<Filter>) => setFilter({ ...filter, ...part });
  const filtered = JSON.stringify(filter) !== JSON.stringify(EVERYTHING);
  return (
    <Page
      actions={
        <ExportMenu account={filter.account} firstDay={filter.first} lastDay={filter.last} />
      }
      title="Transactions"
      wide
    >
      <section className="min-w-0 overflow-hidden card">
        <div
          className="grid grid-cols-2 items-end gap-2.5 border-b p-3 md:grid-cols-[minmax(12rem,1fr)_repeat(4,minmax(7rem,auto))_auto]"
          role="search"
        >
          <TextField
            className="col-span-2 md:col-span-1"
            data-page-search
            hideLabel
            label="Search payee, memo, category and note"
            onChange={(event) => set({ text: event.target.value })}
            placeholder="Search payee, memo, category, note"
            type="search"
            value={filter.text}
          />
          <SelectField
            hideLabel
            label="Account"
            onChange={(event) => set({ account: event.target.value })}
            options={[
              ["", "All accounts"],
              ...(accounts.data?.items ?? []).map((account) => [account.id, account.name] as const),
            ]}
            value={filter.account}
          />
          <SelectField
            hideLabel
            label="Kind"
            onChange={(event) => set({ kind: event.target.value })}
            options={[["", "All kinds"], ...KINDS.map((kind) => [kind, inWords(kind)] as const)]}
            value={filter.kind}
          />
          <TextField
            hideLabel
            label="From day"
            onChange={(event) => set({ first: event.target.value })}
            type="date"
            value={filter.first}
          />
          <TextField
            hideLabel
            label="To day"
            onChange={(event) => set({ last: event.target.value })}
            type="date"
            value={filter.last}
          />
          <Button
            className={filtered ? "" : "invisible"}
            onClick={() => setFilter(EVERYTHING)}
            tone="quiet"
          >
            Clear
          </Button>
        </div>
        <TransactionsTable question={questionOf(shown)} />
      </section>
    </Page>
  );
}
