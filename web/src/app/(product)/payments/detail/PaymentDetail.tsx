"use client";
import Link from "next/link";
import { Suspense } from "react";
import { ApiError } from "@/api/client";
import { useMay } from "@/api/hooks";
import { Actions } from "@/app/(product)/payments/detail/Actions";
import { Amounts } from "@/app/(product)/payments/detail/Amounts";
import { Timeline } from "@/app/(product)/payments/detail/Timeline";
import {
  payeeOf,
  statusInWords,
  toneOfStatus,
  usePayment,
  type PaymentDetailed,
} from "@/app/(product)/payments/payments";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Facts, Page, Section } from "@/components/Page";
import { EmptyState, Loaded, Skeleton, SkeletonRows } from "@/components/States";
import { formatMoment } from "@/figures/format";
import { Money } from "@/figures/Money";
import { useAddressPart } from "@/shell/address";

export function PaymentDetail() {
  return (
    <Suspense fallback={<SkeletonRows />}>
      <ById />
    </Suspense>
  );
}

const BACK = (
  <Button asChild>
    <Link href="/payments/">See all payments</Link>
  </Button>
);

function ById() {
  const [id] = useAddressPart("id");
  return id ? <One id={id} /> : <None />;
}

function None() {
  return (
    <Page title="Payment">
      <section className="card">
        <EmptyState action={BACK} icon="search" title="There is no such payment" />
      </section>
    </Page>
  );
}

function One({ id }: { id: string }) {
  const query = usePayment(id);
  const { error } = query;
  if (!query.data && error instanceof ApiError && (error.status === 404 || error.status === 422))
    return <None />;
  if (!query.data) {
    return (
      <Page title="Payment">
        <section className="card">
          <Loaded query={query} skeleton={<LoadingDetail />}>
            {() => null}
          </Loaded>
        </section>
      </Page>
    );
  }
  return <Loaded query={query}>{(payment) => <Shown payment={payment} />}</Loaded>;
}

function LoadingDetail() {
  return (
    <div aria-busy="true" aria-label="Loading" className="flex flex-col gap-4 p-4" role="status">
      <Skeleton className="h-8 w-40" />
      <Skeleton className="h-4 w-64" />
      <Skeleton className="h-40 w-full" />
    </div>
  );
}

function Shown({ payment }: { payment: PaymentDetailed }) {
  const mayPay = useMay("payments:write");
  return (
    <Page
      about={payment.description}
      actions={mayPay ? <Actions payment={payment} /> : null}
      title={`Payment to ${payeeOf(payment)}`}
    >
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-5">
          <section className="card p-4">
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <p className="text-2xl leading-9 font-semibold tracking-tight">
                <Money currency={payment.currency} value={payment.amount} />
              </p>
              <Badge tone={toneOfStatus(payment.status)}>{statusInWords(payment.status)}</Badge>
            </div>
            <Amounts payment={payment} />
          </section>
          <Section title="Timeline">
            <Timeline payment={payment} />
          </Section>
        </div>
        <Section title="About">
          <Facts items={factsOf(payment)} />
        </Section>
      </div>
    </Page>
  );
}

function factsOf(payment: PaymentDetailed) {
  const facts = [
    [
      "Paid from",
      <AccountLink id={payment.payer_account_id} key="f" name={payment.payer_account_name} />,
    ],
    [
      "Paid to",
      payment.payee_account_id ? (
        <AccountLink
          id={payment.payee_account_id}
          key="t"
          name={payment.payee_account_name ?? "Own account"}
        />
      ) : (
        payeeOf(payment)
      ),
    ],
    ["Method", payment.method === "balance" ? "Balance of the account" : payment.method],
    ["Capture", payment.capture_method === "manual" ? "By hand, from a hold" : "At once"],
    ...(payment.reference ? [["Reference", payment.reference]] : []),
    ["Made", formatMoment(payment.created_at)],
    ["Last changed", formatMoment(payment.changed_at)],
    ...(payment.expires_at && /[1-9]/.test(payment.on_hold)
      ? [["Hold ends", formatMoment(payment.expires_at)]]
      : []),
    ...(payment.failure_code ? [["Failed with", payment.failure_code]] : []),
    ...Object.entries(payment.metadata ?? {}).map(([name, value]) => [name, value]),
    [
      "Id",
      <code className="font-mono text-xs break-all" key="i">
        {payment.id}
      </code>,
    ],
  ] as const;
  return facts as readonly (readonly [string, React.ReactNode])[];
}

function AccountLink({ id, name }: { id: string; name: string }) {
  return (
    <Link className="text-accent-ink hover:underline" href={`/accounts/detail/?id=${id}`}>
      {name}
    </Link>
  );
}
