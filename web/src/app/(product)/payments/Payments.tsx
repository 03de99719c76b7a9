"use client";
import Link from "next/link";
import { Suspense, useDeferredValue, useState } from "react";
import { useAccounts, useMay } from "@/api/hooks";
import { NewPayment } from "@/app/(product)/payments/NewPayment";
import { NewTransfer } from "@/app/(product)/payments/NewTransfer";
import {
  statusInWords,
  STATUSES,
  type PaymentStatus,
  type PaymentsQuestion,
} from "@/app/(product)/payments/payments";
import { PaymentsTable } from "@/app/(product)/payments/PaymentsTable";
import { Button } from "@/components/Button";
import { SelectField, TextField } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Page } from "@/components/Page";
import { ForbiddenState, SkeletonRows } from "@/components/States";

interface Filter {
  text: string;
  account: string;
  status: string;
  first: string;
  last: string;
}

const EVERYTHING: Filter = { text: "", account: "", status: "", first: "", last: "" };

function questionOf(filter: Filter): PaymentsQuestion {
  return {
    ...(filter.text.trim() ? { text: filter.text.trim() } : {}),
    ...(filter.account ? { account: filter.account } : {}),
    ...(filter.status ? { statuses: [filter.status as PaymentStatus] } : {}),
    ...(filter.first ? { first_day: filter.first } : {}),
    ...(filter.last ? { last_day: filter.last } : {}),
  };
}

export function Payments() {
  const mayRead = useMay("payments:read");
  const mayPay = useMay("payments:write");
  const [open, setOpen] = useState<"payment" | "transfer" | null>(null);
  const close = () => setOpen(null);
  return (
    <Page
      about="Paid from the balances of your accounts, in Bursar's book."
      actions={
        <>
          <Button asChild>
            <Link href="/payments/statement/">
              <Icon name="file" size={14} />
              Statement
            </Link>
          </Button>
          {mayPay ? (
            <>
              <Button onClick={() => setOpen("transfer")}>
                <Icon name="transactions" size={14} />
                Transfer
              </Button>
              <Button onClick={() => setOpen("payment")} tone="primary">
                <Icon name="plus" size={14} />
                New payment
              </Button>
            </>
          ) : null}
        </>
      }
      title="Payments"
      wide
    >
      <section className="min-w-0 overflow-hidden card">
        {mayRead ? (
          <Suspense fallback={<SkeletonRows rows={10} />}>
            <Filtered />
          </Suspense>
        ) : (
          <ForbiddenState />
        )}
      </section>
      {open === "payment" ? <NewPayment onClose={close} /> : null}
      {open === "transfer" ? <NewTransfer onClose={close} /> : null}
    </Page>
  );
}

function Filtered() {
  const [filter, setFilter] = useState(EVERYTHING);
  const shown = useDeferredValue(filter);
  const accounts = useAccounts();
  const set = (part: Partial<Filter>) => setFilter({ ...filter, ...part });
  const filtered = JSON.stringify(filter) !== JSON.stringify(EVERYTHING);
  return (
    <>
      <div
        className="grid grid-cols-2 items-end gap-2.5 border-b p-3 md:grid-cols-[minmax(12rem,1fr)_repeat(4,minmax(7rem,auto))_auto]"
        role="search"
      >
        <TextField
          className="col-span-2 md:col-span-1"
          data-page-search
          hideLabel
          label="Search payee and description"
          onChange={(event) => set({ text: event.target.value })}
          placeholder="Search payee, description"
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
          label="State"
          onChange={(event) => set({ status: event.target.value })}
          options={[
            ["", "All states"],
            ...STATUSES.map((status) => [status, statusInWords(status)] as const),
          ]}
          value={filter.status}
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
          className={filtered ? "" : "invisible max-md:hidden"}
          onClick={() => setFilter(EVERYTHING)}
          tone="quiet"
        >
          Clear
        </Button>
      </div>
      <PaymentsTable filtered={filtered} question={questionOf(shown)} />
    </>
  );
}
