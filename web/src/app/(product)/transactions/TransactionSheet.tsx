"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState, type ReactNode, type SubmitEvent } from "react";
import { answer, api, newIdempotencyKey } from "@/api/client";
import { useMay } from "@/api/hooks";
import { subjectOf, type Transaction } from "@/app/(product)/transactions/subject";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Facts } from "@/components/Page";
import { PreviewDialog } from "@/components/PreviewDialog";
import { Sheet } from "@/components/Sheet";
import { formatDay, inWords } from "@/figures/format";
import { Money, Quantity } from "@/figures/Money";
import { textOf } from "@/forms/reading";
import { notify } from "@/state/toasts";

interface Props {
  transaction: Transaction | undefined;
  onClose: () => void;
}

/** One transaction: what it is, its category and note, and the way to undo it. */
export function TransactionSheet({ transaction, onClose }: Props) {
  return (
    <Sheet
      about={
        transaction
          ? `${inWords(transaction.kind)}, ${formatDay(transaction.effective_at)}`
          : undefined
      }
      onClose={onClose}
      open={transaction !== undefined}
      title={transaction ? subjectOf(transaction) : ""}
    >
      {transaction ? <Detail onClose={onClose} transaction={transaction} /> : null}
    </Sheet>
  );
}

type Fact = readonly [string, ReactNode];

function factsOf(row: Transaction): Fact[] {
  const money = (value: string, currency: string | null) => (
    <Money currency={currency ?? ""} value={value} />
  );
  const facts: (Fact | null)[] = [
    row.cash_change === null
      ? null
      : ["Cash", <Money coloured currency={row.currency ?? ""} key="c" value={row.cash_change} />],
    row.balance_after === null ? null : ["Balance after", money(row.balance_after, row.currency)],
    [
      "Account",
      <Link
        className="text-accent-ink hover:underline"
        href={`/accounts/detail/?id=${row.account_id}`}
        key="a"
      >
        {row.account_name}
      </Link>,
    ],
    row.counter_account_name === null ? null : ["Other account", row.counter_account_name],
    row.instrument_id === null
      ? null
      : [
          "Asset",
          <Link
            className="text-accent-ink hover:underline"
            href={`/prices/instrument/?id=${row.instrument_id}`}
            key="i"
          >
            {row.instrument_name ?? row.ticker}
          </Link>,
        ],
    row.quantity === null ? null : ["Units", <Quantity key="q" value={row.quantity} />],
    row.unit_price === null ? null : ["Price of one", money(row.unit_price, row.currency)],
    row.amount === null ? null : ["Amount", money(row.amount, row.currency)],
    row.fees === null ? null : ["Fees", money(row.fees, row.currency)],
    row.taxes === null ? null : ["Taxes", money(row.taxes, row.currency)],
    row.memo === null ? null : ["Memo", row.memo],
    [
      "Source",
      row.import_id === null ? (
        inWords(row.source)
      ) : (
        <Link
          className="text-accent-ink hover:underline"
          href={`/import/?id=${row.import_id}`}
          key="s"
        >
          Import
        </Link>
      ),
    ],
    row.external_id === null
      ? null
      : [
          "Reference",
          <code className="font-mono text-xs" key="e">
            {row.external_id}
          </code>,
        ],
  ];
  return facts.filter((fact): fact is Fact => fact !== null);
}

function Detail({ transaction, onClose }: { transaction: Transaction; onClose: () => void }) {
  const mayWrite = useMay("banking:write");
  return (
    <div className="flex flex-col gap-6">
      {transaction.reversed_by_id || transaction.reverses_id ? (
        <Badge tone="warn">{transaction.reverses_id ? "A reversal" : "Reversed"}</Badge>
      ) : null}
      <Facts items={factsOf(transaction)} />
      {mayWrite ? (
        <Category transaction={transaction} />
      ) : (
        <Facts
          items={[
            ["Category", transaction.category ?? "\u2014"],
            ["Note", transaction.note ?? "\u2014"],
          ]}
        />
      )}
      {mayWrite && !transaction.reversed_by_id && !transaction.reverses_id ? (
        <Reversal onDone={onClose} transaction={transaction} />
      ) : null}
    </div>
  );
}

function Category({ transaction }: { transaction: Transaction }) {
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (body: { category: string; note: string; tags: string[] }) =>
      answer(
        api.PATCH("/api/v1/transactions/{transaction_id}/category", {
          params: { path: { transaction_id: transaction.id } },
          body: { ...body, transaction_id: transaction.id },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["banking"] });
      notify({ tone: "good", title: "Saved" });
    },
  });
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const tags = textOf(form, "tags")
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean);
    save.mutate({ category: textOf(form, "category"), note: textOf(form, "note"), tags });
  }
  return (
    <form className="flex flex-col gap-3 border-t pt-4" onSubmit={submit}>
      <TextField
        defaultValue={transaction.category ?? ""}
        label="Category"
        maxLength={100}
        name="category"
      />
      <TextField defaultValue={transaction.note ?? ""} label="Note" name="note" />
      <TextField
        defaultValue={transaction.tags.join(", ")}
        hint="Separated by commas"
        label="Tags"
        name="tags"
      />
      <Button busy={save.isPending} className="self-start" type="submit">
        Save
      </Button>
    </form>
  );
}

function Reversal({ transaction, onDone }: { transaction: Transaction; onDone: () => void }) {
  const [asking, setAsking] = useState(false);
  const [key] = useState(newIdempotencyKey);
  const client = useQueryClient();
  const reverse = useMutation({
    mutationFn: (dry: boolean) =>
      answer(
        api.POST("/api/v1/transactions/{transaction_id}/reversal", {
          params: {
            path: { transaction_id: transaction.id },
            query: { dry_run: dry },
            ...(dry ? {} : { header: { "Idempotency-Key": key } }),
          },
          body: { transaction_id: transaction.id, reason: "Undone in the web product" },
        }),
      ),
    onSuccess: (_result, dry) => {
      if (dry) {
        setAsking(true);
        return;
      }
      void client.invalidateQueries();
      notify({
        tone: "good",
        title: "The transaction is undone",
        text: "The book keeps it and its reversal.",
      });
      setAsking(false);
      onDone();
    },
  });
  return (
    <div className="border-t pt-4">
      <Button
        busy={reverse.isPending && !asking}
        onClick={() => reverse.mutate(true)}
        tone="danger"
      >
        Undo this transaction
      </Button>
      <PreviewDialog
        busy={reverse.isPending}
        confirm="Undo it"
        danger
        facts={[
          ["Transaction", subjectOf(transaction)],
          ["Day", formatDay(transaction.effective_at)],
          ["Account", transaction.account_name],
          ...(transaction.cash_change === null
            ? []
            : ([
                [
                  "Cash comes back",
                  <Money
                    currency={transaction.currency ?? ""}
                    key="c"
                    value={negated(transaction.cash_change)}
                    sign="always"
                  />,
                ],
              ] as const)),
        ]}
        onClose={() => setAsking(false)}
        onConfirm={() => reverse.mutate(false)}
        open={asking}
        reversible="The server has tried it and would accept it. A reversal stays in the book and cannot itself be undone; the transaction can be entered again."
        title="Undo this transaction?"
      />
    </div>
  );
}

function negated(value: string): string {
  return value.startsWith("-") ? value.slice(1) : `-${value}`;
}
