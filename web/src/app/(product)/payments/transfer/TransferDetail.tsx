"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Suspense, useState } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useAccounts, useMay } from "@/api/hooks";
import { MoneyDialog } from "@/app/(product)/payments/MoneyDialog";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Facts, Page, Section } from "@/components/Page";
import { EmptyState, Loaded, SkeletonRows } from "@/components/States";
import { formatDay, formatMoment } from "@/figures/format";
import { Money } from "@/figures/Money";
import { textOf } from "@/forms/reading";
import { useAddressPart } from "@/shell/address";
import { notify } from "@/state/toasts";

type Transfer = Schemas["Transfer"];

export function TransferDetail() {
  return (
    <Suspense fallback={<SkeletonRows />}>
      <ById />
    </Suspense>
  );
}

function ById() {
  const [id] = useAddressPart("id");
  const [reversing, setReversing] = useState(false);
  const mayPay = useMay("payments:write");
  const query = useQuery({
    queryKey: ["payments", "transfer", id],
    enabled: id !== null,
    queryFn: () =>
      answer(
        api.GET("/api/v1/transfers/{transfer_id}", { params: { path: { transfer_id: id ?? "" } } }),
      ),
  });
  const transfer = query.data;
  return (
    <Page
      about={transfer?.description}
      actions={
        <>
          <Button asChild>
            <Link href="/payments/">See all payments</Link>
          </Button>
          {mayPay && transfer?.reversed_by_id === null ? (
            <Button onClick={() => setReversing(true)}>Reverse</Button>
          ) : null}
        </>
      }
      title="Transfer"
    >
      <Section className="max-w-2xl" title="About">
        {id === null ? (
          <EmptyState icon="search" title="There is no such transfer" />
        ) : (
          <Loaded query={query}>{(data) => <About transfer={data} />}</Loaded>
        )}
      </Section>
      {reversing && transfer ? (
        <Reverse onClose={() => setReversing(false)} transfer={transfer} />
      ) : null}
    </Page>
  );
}

function useNames(): (id: string) => string {
  const accounts = useAccounts();
  return (id) => accounts.data?.items.find((one) => one.id === id)?.name ?? id;
}

function About({ transfer }: { transfer: Transfer }) {
  const nameOf = useNames();
  return (
    <Facts
      items={[
        [
          "State",
          <Badge key="s" tone={transfer.reversed_by_id ? "plain" : "accent"}>
            {transfer.reversed_by_id ? "Reversed" : "Done"}
          </Badge>,
        ],
        ["From", nameOf(transfer.from_account_id)],
        ["To", nameOf(transfer.to_account_id)],
        ["Left", <Money currency={transfer.currency} key="l" value={transfer.amount} />],
        ["Arrived", <Money currency={transfer.to_currency} key="a" value={transfer.to_amount} />],
        ["Made", formatMoment(transfer.created_at)],
        [
          "Id",
          <code className="font-mono text-xs break-all" key="i">
            {transfer.id}
          </code>,
        ],
      ]}
    />
  );
}

function Reverse({ transfer, onClose }: { transfer: Transfer; onClose: () => void }) {
  const nameOf = useNames();
  return (
    <MoneyDialog<Schemas["ReverseTransfer"], Transfer>
      about="For a transfer that should never have been. It counts as of the transfer's day."
      confirm={() => "Reverse the transfer"}
      danger
      facts={() => [
        ["Comes back to", nameOf(transfer.from_account_id)],
        ["Amount", <Money currency={transfer.currency} key="a" value={transfer.amount} />],
        ["Leaves", nameOf(transfer.to_account_id)],
        [
          "Amount there",
          <Money currency={transfer.to_currency} key="t" value={transfer.to_amount} />,
        ],
        ["As of", formatDay(transfer.created_at)],
      ]}
      onClose={onClose}
      onDone={() => {
        notify({ tone: "good", title: "The transfer is reversed" });
        onClose();
      }}
      read={(form) => {
        const reason = textOf(form, "reason");
        return reason
          ? { body: { transfer_id: transfer.id, reason } }
          : { problems: { reason: "Say why; it is kept in the journal." } };
      }}
      reversible={() => "It cannot be undone; the book keeps the transfer and its reversal."}
      send={(body, { dry, headers }) =>
        answer(
          api.POST("/api/v1/transfers/{transfer_id}/reversal", {
            params: {
              path: { transfer_id: transfer.id },
              query: { dry_run: dry },
              header: headers,
            },
            body,
          }),
        )
      }
      title="Reverse the transfer"
    >
      {(problems) => (
        <TextField error={problems.reason} label="Reason" maxLength={500} name="reason" />
      )}
    </MoneyDialog>
  );
}
