"use client";
import { Suspense } from "react";
import { useTransactions, type TransactionsQuestion } from "@/api/hooks";
import { subjectOf, type Transaction } from "@/app/(product)/transactions/subject";
import { TransactionSheet } from "@/app/(product)/transactions/TransactionSheet";
import { Badge } from "@/components/Badge";
import { DataTable, type Column } from "@/components/DataTable";
import { EmptyState, ErrorState, SkeletonRows } from "@/components/States";
import { formatCount, formatDay, inWords } from "@/figures/format";
import { Money, Quantity } from "@/figures/Money";
import { useAddressPart } from "@/shell/address";

const COLUMNS: Column<Transaction>[] = [
  {
    id: "day",
    header: "Day",
    className: "w-28",
    cell: (row) => <span className="figures text-muted">{formatDay(row.effective_at)}</span>,
  },
  {
    id: "subject",
    header: "Payee or asset",
    className: "max-w-0 w-full",
    cell: (row) => (
      <span className="flex items-center gap-2">
        <span className="truncate font-medium">{subjectOf(row)}</span>
        {row.quantity !== null && row.ticker !== null ? (
          <span className="hidden shrink-0 text-xs text-muted sm:inline">
            <Quantity digits={4} value={row.quantity} /> {row.ticker}
          </span>
        ) : null}
      </span>
    ),
  },
  {
    id: "kind",
    header: "Kind",
    from: "md",
    cell: (row) => <span className="whitespace-nowrap text-muted">{inWords(row.kind)}</span>,
  },
  {
    id: "category",
    header: "Category",
    from: "lg",
    cell: (row) => (row.category ? <Badge>{row.category}</Badge> : null),
  },
  {
    id: "account",
    header: "Account",
    from: "md",
    cell: (row) => <span className="whitespace-nowrap text-muted">{row.account_name}</span>,
  },
  {
    id: "cash",
    header: "Cash",
    numeric: true,
    cell: (row) =>
      row.cash_change === null ? (
        <span className="text-faint">{"\u2014"}</span>
      ) : (
        <Money coloured="gains" currency={row.currency ?? ""} value={row.cash_change} />
      ),
  },
];

const BALANCE: Column<Transaction> = {
  id: "balance",
  header: "Balance",
  from: "lg",
  numeric: true,
  cell: (row) =>
    row.balance_after === null ? null : (
      <Money className="text-muted" currency={row.currency ?? ""} value={row.balance_after} />
    ),
};

/** All transactions that fit, fetched on while scrolling; the opened one is part of the address. */
export function TransactionsTable(props: { question: TransactionsQuestion }) {
  return (
    <Suspense fallback={<SkeletonRows rows={12} />}>
      <Table {...props} />
    </Suspense>
  );
}

function Table({ question }: { question: TransactionsQuestion }) {
  const query = useTransactions(question);
  const [opened, setOpened] = useAddressPart(question.account ? "transaction" : "id");
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <SkeletonRows rows={12} />;
  if (query.isError && rows.length === 0)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (rows.length === 0) {
    return (
      <EmptyState icon="transactions" title="No transaction fits">
        Widen the search, or import the statement that holds it.
      </EmptyState>
    );
  }
  const balances = rows.some((row) => row.balance_after !== null);
  const selected = rows.find((row) => row.id === opened);
  return (
    <>
      <DataTable
        columns={balances ? [...COLUMNS, BALANCE] : COLUMNS}
        label="Transactions"
        onNearEnd={() => {
          if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
        }}
        onOpen={(row) => setOpened(row.id)}
        rowHeight={38}
        rowId={(row) => row.id}
        rows={rows}
        selectedId={opened ?? undefined}
      />
      <p className="border-t px-4 py-2 text-xs text-muted" role="status">
        {query.hasNextPage
          ? `${formatCount(rows.length)} shown, more follow as you scroll`
          : `${formatCount(rows.length)} transactions`}
      </p>
      <TransactionSheet key={selected?.id} onClose={() => setOpened(null)} transaction={selected} />
    </>
  );
}
