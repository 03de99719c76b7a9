"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState, type SubmitEvent } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useTargets } from "@/api/hooks";
import { PortfolioTabs } from "@/app/(product)/portfolio/PortfolioTabs";
import { TradeLots } from "@/app/(product)/portfolio/rebalance/TradeLots";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { CheckField, SelectField, TextField } from "@/components/Field";
import { Facts, Page, Section } from "@/components/Page";
import { EmptyState, Loaded, Skeleton } from "@/components/States";
import { AsOf, Incomplete } from "@/figures/AsOf";
import { Figure } from "@/figures/Figure";
import { formatDay, formatMoney, inWords } from "@/figures/format";
import { Money, Quantity, Ratio } from "@/figures/Money";
import { textOf } from "@/forms/reading";

type Proposal = Schemas["RebalanceProposal"];
type Trade = Schemas["PlannedTrade"];
interface Question {
  contribution: string;
  sell: boolean;
  to: "target" | "band";
}

const AMOUNT = /^-?\d+(\.\d+)?$/;

export function Rebalance() {
  const targets = useTargets();
  const policy = targets.data?.items[0]?.name;
  const [question, setQuestion] = useState<Question>({
    contribution: "0",
    sell: true,
    to: "target",
  });
  const plan = useQuery({
    queryKey: ["portfolio", "rebalance", policy, question],
    enabled: policy !== undefined,
    queryFn: () =>
      answer(
        api.POST("/api/v1/portfolio/rebalance", { body: { ...question, policy: policy ?? null } }),
      ),
    placeholderData: (previous) => previous,
  });
  return (
    <Page about={plan.data ? <AsOf of={plan.data} /> : "\u00a0"} title="Portfolio" wide>
      <PortfolioTabs current="/portfolio/rebalance/" />
      {targets.data && policy === undefined ? (
        <section className="card">
          <EmptyState
            action={
              <Button asChild tone="primary">
                <Link href="/settings/targets/">Set target weights</Link>
              </Button>
            }
            icon="portfolio"
            title="There is nothing to rebalance to"
          >
            Store target weights first; then this page plans the trades that restore them.
          </EmptyState>
        </section>
      ) : (
        <>
          <QuestionForm onAsk={setQuestion} />
          <Loaded query={plan} skeleton={<Skeleton className="h-96 w-full" />}>
            {(data) => <Plan plan={data} />}
          </Loaded>
        </>
      )}
    </Page>
  );
}

function QuestionForm({ onAsk }: { onAsk: (question: Question) => void }) {
  const [problem, setProblem] = useState<string>();
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const contribution = textOf(form, "contribution").replaceAll(",", "") || "0";
    const fits = AMOUNT.test(contribution);
    setProblem(fits ? undefined : "Write an amount such as 1500 or -200.50.");
    if (fits)
      onAsk({
        contribution,
        sell: form.has("sell"),
        to: textOf(form, "to") === "band" ? "band" : "target",
      });
  }
  return (
    <form className="flex flex-wrap items-end gap-4 card p-4" onSubmit={submit}>
      <TextField
        className="w-44"
        defaultValue="0"
        error={problem}
        inputMode="decimal"
        label="Money paid in"
        name="contribution"
      />
      <SelectField
        className="w-48"
        label="Trade until"
        name="to"
        options={[
          ["target", "On target"],
          ["band", "Just inside the bands"],
        ]}
      />
      <div className="pb-1.5">
        <CheckField defaultChecked label="Selling is allowed" name="sell" />
      </div>
      <Button type="submit">Plan again</Button>
      <p className="basis-full text-xs text-muted">
        A proposal only: nothing is ordered and nothing is written.
      </p>
    </form>
  );
}

const TRADES: Column<Trade>[] = [
  {
    id: "side",
    header: "Side",
    cell: (row) => (
      <Badge tone={row.side === "buy" ? "accent" : "plain"}>
        {row.side === "buy" ? "Buy" : "Sell"}
      </Badge>
    ),
  },
  { id: "name", header: "Asset", cell: (row) => <span className="font-medium">{row.name}</span> },
  {
    id: "account",
    header: "Account",
    from: "md",
    cell: (row) => <span className="text-muted">{row.account}</span>,
  },
  {
    id: "quantity",
    header: "Units",
    from: "sm",
    numeric: true,
    cell: (row) => <Quantity value={row.quantity} />,
  },
  {
    id: "price",
    header: "Price",
    from: "lg",
    numeric: true,
    cell: (row) => <Money currency={row.currency} value={row.price} />,
  },
  {
    id: "amount",
    header: "Amount",
    numeric: true,
    cell: (row) => <Money currency={row.currency} value={row.amount} />,
  },
  {
    id: "fees",
    header: "Fees",
    from: "lg",
    numeric: true,
    cell: (row) => <Money currency={row.currency} value={row.fees} />,
  },
];

function Plan({ plan }: { plan: Proposal }) {
  const [opened, setOpened] = useState<Trade | null>(null);
  const money = (value: string | null) =>
    value === null ? "\u2014" : formatMoney(value, plan.currency);
  return (
    <>
      <Incomplete of={plan} />
      <div className="grid items-start gap-5 xl:grid-cols-[1fr_22rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <Section
            about="Sales come first. Open a sale to see the lots it would close."
            flush
            title="Proposed trades"
          >
            {plan.trades.length === 0 ? (
              <EmptyState icon="check" title="No trade is needed">
                Every weight is where it should be, within the smallest trade.
              </EmptyState>
            ) : (
              <DataTable
                columns={TRADES}
                label="Proposed trades"
                onOpen={setOpened}
                rowId={(row) => `${row.side}${row.account_id}${row.instrument_id}`}
                rows={plan.trades}
              />
            )}
          </Section>
          <Section flush title="Weights before and after">
            <DataTable
              columns={WEIGHTS}
              label="Weights before and after"
              rowId={(row) => row.key}
              rows={plan.keys}
            />
          </Section>
        </div>
        <div className="flex flex-col gap-5">
          <Section title="What it would cost">
            <Facts
              items={[
                ["Bought", money(plan.bought)],
                ["Sold", money(plan.sold)],
                ["Fees", money(plan.fees)],
                ["Short-term gain", money(plan.gain_short)],
                ["Long-term gain", money(plan.gain_long)],
                ["Estimated tax", money(plan.tax)],
                ["Cash before", <Figure figure={plan.cash_before} key="c" name="Cash before" />],
                ["Cash after", money(plan.cash_after)],
              ]}
            />
            <p className="mt-3 text-xs text-muted">{plan.tax_note}</p>
          </Section>
          {plan.wash_sales.length > 0 ? (
            <Section title="Wash sales">
              <ul className="flex flex-col gap-2 text-sm">
                {plan.wash_sales.map((hit) => (
                  <li key={`${hit.instrument_id}${hit.sold_on}`}>
                    {`${hit.name}: ${money(hit.disallowed)} of the loss of ${formatDay(hit.sold_on)} would be disallowed until ${formatDay(hit.ends_on)}.`}
                  </li>
                ))}
              </ul>
            </Section>
          ) : null}
          {plan.notes.length > 0 ? (
            <Section title="Notes">
              <ul className="flex flex-col gap-2 text-sm text-muted">
                {plan.notes.map((note) => (
                  <li key={note}>{note}</li>
                ))}
              </ul>
            </Section>
          ) : null}
        </div>
      </div>
      <TradeLots onClose={() => setOpened(null)} trade={opened} />
    </>
  );
}

const WEIGHTS: Column<Schemas["PlannedWeight"]>[] = [
  { id: "name", header: "Key", cell: (row) => inWords(row.name) },
  {
    id: "target",
    header: "Target",
    numeric: true,
    cell: (row) => <Ratio digits={1} value={row.target} />,
  },
  {
    id: "before",
    header: "Drift now",
    numeric: true,
    cell: (row) => (
      <Figure digits={1} figure={row.drift_before} name={`Drift of ${row.name}`} sign="always" />
    ),
  },
  {
    id: "after",
    header: "Weight after",
    from: "sm",
    numeric: true,
    cell: (row) => <Ratio digits={1} value={row.weight_after} />,
  },
  {
    id: "drift",
    header: "Drift after",
    numeric: true,
    cell: (row) => <Ratio digits={1} sign="always" value={row.drift_after} />,
  },
];
