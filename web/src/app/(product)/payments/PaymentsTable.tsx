"use client";
import { useRouter } from "next/navigation";
import {
  payeeOf,
  statusInWords,
  toneOfStatus,
  usePayments,
  type PaymentRow,
  type PaymentsQuestion,
} from "@/app/(product)/payments/payments";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { EmptyState, ErrorState, SkeletonRows, StaleNotice } from "@/components/States";
import { formatCount, formatDay } from "@/figures/format";
import { Money } from "@/figures/Money";

const COLUMNS: Column<PaymentRow>[] = [
  {
    id: "day",
    header: "Day",
    from: "sm",
    className: "w-28",
    cell: (row) => <span className="figures text-muted">{formatDay(row.created_at)}</span>,
  },
  {
    id: "payee",
    header: "Paid to",
    className: "max-w-0 w-full",
    cell: (row) => (
      <span className="block truncate">
        <span className="font-medium">{payeeOf(row)}</span>
        {row.description ? <span className="ml-2 text-muted">{row.description}</span> : null}
      </span>
    ),
  },
  {
    id: "account",
    header: "From",
    from: "lg",
    cell: (row) => <span className="whitespace-nowrap text-muted">{row.payer_account_name}</span>,
  },
  {
    id: "reference",
    header: "Reference",
    from: "xl",
    cell: (row) => <span className="whitespace-nowrap text-muted">{row.reference ?? ""}</span>,
  },
  {
    id: "status",
    header: "State",
    cell: (row) => <Badge tone={toneOfStatus(row.status)}>{statusInWords(row.status)}</Badge>,
  },
  {
    id: "amount",
    header: "Amount",
    numeric: true,
    cell: (row) => <Money currency={row.currency} value={row.amount} />,
  },
];

interface Props {
  question: PaymentsQuestion;
  filtered: boolean;
}

/** The payments that fit, newest first, fetched on by the page. */
export function PaymentsTable({ question, filtered }: Props) {
  const query = usePayments(question);
  const router = useRouter();
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const retry = () => void query.refetch();
  if (query.isPending) return <SkeletonRows rows={10} />;
  if (query.isError && rows.length === 0) return <ErrorState error={query.error} onRetry={retry} />;
  if (rows.length === 0) {
    return filtered ? (
      <EmptyState icon="search" title="No payment fits">
        Widen the search.
      </EmptyState>
    ) : (
      <EmptyState icon="payments" title="No payments yet">
        A payment takes an amount from the balance of one of your accounts.
      </EmptyState>
    );
  }
  return (
    <>
      {query.isError ? (
        <div className="p-2">
          <StaleNotice onRetry={retry}>
            {query.error.message}. These are the last known payments.
          </StaleNotice>
        </div>
      ) : null}
      <DataTable
        columns={COLUMNS}
        label="Payments"
        onOpen={(row) => router.push(`/payments/detail/?id=${row.id}`)}
        rowHeight={38}
        rowId={(row) => row.id}
        rows={rows}
      />
      <div className="flex items-center gap-3 border-t px-4 py-2 text-xs text-muted">
        <span role="status">
          {rows.length === 1 ? "1 payment" : `${formatCount(rows.length)} payments`}
          {query.hasNextPage ? " shown" : ""}
        </span>
        {query.hasNextPage ? (
          <Button
            busy={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
            size="small"
          >
            Show more
          </Button>
        ) : null}
      </div>
    </>
  );
}
