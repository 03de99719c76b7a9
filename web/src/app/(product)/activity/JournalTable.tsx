"use client";
import { JournalSheet } from "@/app/(product)/activity/JournalSheet";
import {
  useJournal,
  type JournalQuestion,
  type JournalRow,
} from "@/app/(product)/activity/journal";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { EmptyState, ErrorState, SkeletonRows, StaleNotice } from "@/components/States";
import { formatCount, formatMoment, inWords } from "@/figures/format";
import { useNameOf } from "@/people/useNameOf";
import { useAddressPart } from "@/shell/address";

const TONES: Readonly<Record<string, "accent" | "warn">> = { done: "accent", refused: "warn" };

function columnsWith(nameOf: ReturnType<typeof useNameOf>): Column<JournalRow>[] {
  return [
    {
      id: "at",
      header: "When",
      from: "sm",
      cell: (row) => (
        <time className="figures whitespace-nowrap text-muted" dateTime={row.at}>
          {formatMoment(row.at)}
        </time>
      ),
    },
    {
      id: "operation",
      header: "What",
      className: "max-w-0 w-full",
      cell: (row) => (
        <span className="block truncate">
          <span className="font-medium">{inWords(row.operation.split(".")[1] ?? "")}</span>
          <span className="ml-2 text-xs text-muted">{row.operation.split(".")[0]}</span>
          <span className="block text-xs text-muted sm:hidden">{formatMoment(row.at)}</span>
        </span>
      ),
    },
    {
      id: "who",
      header: "Who",
      from: "md",
      cell: (row) => <span className="whitespace-nowrap text-muted">{nameOf(row)}</span>,
    },
    {
      id: "door",
      header: "By",
      from: "lg",
      cell: (row) => <span className="text-muted">{row.source}</span>,
    },
    {
      id: "outcome",
      header: "Outcome",
      cell: (row) => <Badge tone={TONES[row.outcome] ?? "plain"}>{inWords(row.outcome)}</Badge>,
    },
    {
      id: "sealed",
      header: "Seal",
      numeric: true,
      from: "sm",
      cell: (row) => (
        <span className="figures text-muted">
          {row.leaf_index === null ? "Being sealed" : formatCount(row.leaf_index)}
        </span>
      ),
    },
  ];
}

/** The journal, newest first; new rows come by themselves. The opened one is part of the address. */
export function JournalTable({ question }: { question: JournalQuestion }) {
  const query = useJournal(question);
  const nameOf = useNameOf();
  const [opened, setOpened] = useAddressPart("seq");
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const retry = () => void query.refetch();
  if (query.isPending) return <SkeletonRows rows={12} />;
  if (query.isError && rows.length === 0) return <ErrorState error={query.error} onRetry={retry} />;
  if (rows.length === 0) {
    return (
      <EmptyState icon="search" title="Nothing in the journal fits">
        Widen the search.
      </EmptyState>
    );
  }
  return (
    <>
      {query.isError ? (
        <div className="p-2">
          <StaleNotice onRetry={retry}>
            {query.error.message}. These are the last known rows.
          </StaleNotice>
        </div>
      ) : null}
      <DataTable
        columns={columnsWith(nameOf)}
        label="Journal"
        onOpen={(row) => setOpened(String(row.seq))}
        rowHeight={38}
        rowId={(row) => String(row.seq)}
        rows={rows}
        selectedId={opened ?? undefined}
      />
      <div className="flex items-center gap-3 border-t px-4 py-2 text-xs text-muted">
        <span role="status">
          {formatCount(rows.length)} {rows.length === 1 ? "row" : "rows"}
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
      <JournalSheet
        key={opened}
        nameOf={nameOf}
        onClose={() => setOpened(null)}
        row={rows.find((row) => String(row.seq) === opened)}
      />
    </>
  );
}
