"use client";
import Link from "next/link";
import { useMemo, Suspense } from "react";
import type { Schemas } from "@/api/client";
import { useAccounts, useHistory, useMay, usePositions, useSummary } from "@/api/hooks";
import { AccountRules } from "@/app/(product)/accounts/detail/AccountRules";
import { PositionsTable } from "@/app/(product)/portfolio/PositionsTable";
import { TransactionsTable } from "@/app/(product)/transactions/TransactionsTable";
import { TimeChart } from "@/charts/TimeChart";
import { Button } from "@/components/Button";
import { Facts, Page, Section } from "@/components/Page";
import { EmptyState, Loaded, Skeleton, SkeletonRows } from "@/components/States";
import { AsOf, Incomplete } from "@/figures/AsOf";
import { Figure } from "@/figures/Figure";
import { formatDay, formatMoney, inWords } from "@/figures/format";
import { useAddressPart } from "@/shell/address";

export function AccountDetail() {
  return (
    <Suspense fallback={<SkeletonRows />}>
      <ById />
    </Suspense>
  );
}

function ById() {
  const [id] = useAddressPart("id");
  const accounts = useAccounts();
  return (
    <Loaded query={accounts} skeleton={<SkeletonRows />}>
      {(data) => {
        const account = data.items.find((one) => one.id === id);
        return account ? (
          <Shown account={account} />
        ) : (
          <EmptyState
            action={
              <Button asChild>
                <Link href="/accounts/">See all accounts</Link>
              </Button>
            }
            icon="search"
            title="There is no such account"
          />
        );
      }}
    </Loaded>
  );
}

function Shown({ account }: { account: Schemas["AccountWithBalances"] }) {
  const scope = useMemo(() => ({ account: [account.id] }), [account.id]);
  const summary = useSummary(scope);
  const history = useHistory({ ...scope, sampling: "day" });
  const positions = usePositions({ ...scope, lots: true });
  const mayWrite = useMay("ledger:write");
  const points = useMemo(
    () =>
      (history.data?.items ?? []).flatMap((row) =>
        row.value === null ? [] : [{ day: row.day, value: Number(row.value) }],
      ),
    [history.data],
  );
  return (
    <Page
      about={summary.data ? <AsOf of={summary.data} /> : inWords(account.kind)}
      actions={mayWrite ? <AccountRules account={account} /> : null}
      title={account.name}
    >
      {summary.data ? <Incomplete of={summary.data} /> : null}
      <div className="grid gap-5 lg:grid-cols-3">
        <section className="min-w-0 card p-4 lg:col-span-2">
          <h2 className="label-caps">Value</h2>
          <Loaded query={summary} skeleton={<Skeleton className="h-9 w-40" />}>
            {(data) => (
              <p className="text-2xl leading-9 font-semibold tracking-tight">
                <Figure figure={data.net_worth} name={`Value of ${account.name}`} />
              </p>
            )}
          </Loaded>
          <TimeChart
            height={200}
            label={`Value of ${account.name}`}
            points={points}
            write={(value) =>
              formatMoney(value.toFixed(0), summary.data?.currency ?? account.currency ?? "", {
                digits: 0,
              })
            }
          />
        </section>
        <Section title="About">
          <Facts
            items={[
              ["Kind", inWords(account.kind)],
              ["Institution", account.institution ?? "\u2014"],
              ["Number", account.external_id ?? "\u2014"],
              ["Currency", account.currency],
              [
                "Cost method",
                account.cost_method.length <= 4
                  ? account.cost_method.toUpperCase()
                  : inWords(account.cost_method),
              ],
              ["Taxes", inWords(account.tax_wrapper)],
              ["Overdraft", account.no_overdraft ? "Refused" : "Allowed"],
              ["Short sales", account.allow_short ? "Allowed" : "Refused"],
              ["Opened", account.opened_at ? formatDay(account.opened_at) : "\u2014"],
              ...(account.closed_at ? ([["Closed", formatDay(account.closed_at)]] as const) : []),
            ]}
          />
        </Section>
      </div>
      <Section flush title="Holdings">
        <Loaded query={positions}>
          {(data) => <PositionsTable positions={data.items} withAccount={false} />}
        </Loaded>
      </Section>
      <Section flush title="Transactions">
        <TransactionsTable question={{ account: account.id }} />
      </Section>
    </Page>
  );
}
