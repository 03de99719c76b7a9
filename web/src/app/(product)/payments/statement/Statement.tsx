"use client";
import { keepPreviousData, useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useAccounts, useMay } from "@/api/hooks";
import { useOpenAccounts } from "@/app/(product)/payments/payments";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { SelectField, TextField } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Page } from "@/components/Page";
import {
  EmptyState,
  ErrorState,
  ForbiddenState,
  SkeletonRows,
  StaleNotice,
} from "@/components/States";
import { formatCount, formatDay, inWords } from "@/figures/format";
import { Money } from "@/figures/Money";
import { saveFile } from "@/forms/saveFile";
import { useAddressPart } from "@/shell/address";
import { notify } from "@/state/toasts";

type Line = Schemas["StatementLine"];

interface Question {
  account: string;
  first: string;
  last: string;
}

const PAGE_ROWS = 250;
const DAYS_AT_FIRST = 30;
const DAY_MILLISECONDS = 86_400_000;

function dayBefore(days: number): string {
  return new Date(Date.now() - days * DAY_MILLISECONDS).toISOString().slice(0, 10);
}

export function Statement() {
  const may = useMay("ledger:read");
  if (!may) {
    return (
      <Page title="Account statement">
        <section className="card">
          <ForbiddenState />
        </section>
      </Page>
    );
  }
  return (
    <Suspense fallback={<SkeletonRows rows={10} />}>
      <Chosen />
    </Suspense>
  );
}

function queryOf({ first, last }: Question) {
  return { first_day: first, last_day: last };
}

function Chosen() {
  const accounts = useAccounts();
  const open = useOpenAccounts();
  const [account, setAccount] = useAddressPart("account");
  const [first, setFirst] = useState(() => dayBefore(DAYS_AT_FIRST));
  const [last, setLast] = useState(() => dayBefore(0));
  const chosen = account ?? open[0]?.id ?? accounts.data?.items[0]?.id ?? "";
  const question = { account: chosen, first, last };
  const isPeriod = first !== "" && last !== "" && first <= last;
  const take = useMutation({
    mutationFn: () =>
      answer(
        api.GET("/api/v1/accounts/{account_id}/statement/export", {
          params: { path: { account_id: chosen }, query: queryOf(question) },
        }),
      ),
    onSuccess: (file) => {
      saveFile(file.filename, file.media_type, file.content);
      notify({
        tone: "good",
        title: `${file.filename} is saved`,
        text: `${formatCount(file.rows)} movements`,
      });
    },
  });
  return (
    <Page
      actions={
        <Button busy={take.isPending} disabled={!chosen || !isPeriod} onClick={() => take.mutate()}>
          <Icon name="download" size={14} />
          Download CSV
        </Button>
      }
      title="Account statement"
    >
      <section className="min-w-0 overflow-hidden card">
        <div className="grid grid-cols-2 items-end gap-2.5 border-b p-3 sm:grid-cols-[minmax(10rem,1fr)_10rem_10rem]">
          <SelectField
            className="col-span-2 sm:col-span-1"
            label="Account"
            onChange={(event) => setAccount(event.target.value)}
            options={(accounts.data?.items ?? []).map((one) => [one.id, one.name] as const)}
            value={chosen}
          />
          <TextField
            error={isPeriod ? undefined : "Choose a first day before the last."}
            label="First day"
            onChange={(event) => setFirst(event.target.value)}
            type="date"
            value={first}
          />
          <TextField
            label="Last day"
            onChange={(event) => setLast(event.target.value)}
            type="date"
            value={last}
          />
        </div>
        {accounts.isError && !accounts.data ? (
          <ErrorState error={accounts.error} onRetry={() => void accounts.refetch()} />
        ) : accounts.data && !chosen ? (
          <EmptyState icon="accounts" title="There is no account yet">
            Open one, or import a statement.
          </EmptyState>
        ) : chosen && isPeriod ? (
          <Lines question={question} />
        ) : (
          <SkeletonRows rows={8} />
        )}
      </section>
    </Page>
  );
}

function columnsIn(currency: string): Column<Line>[] {
  return [
    {
      id: "day",
      header: "Day",
      className: "w-28",
      cell: (row) => <span className="figures text-muted">{formatDay(row.at)}</span>,
    },
    {
      id: "subject",
      header: "Movement",
      className: "max-w-0 w-full",
      cell: (row) => (
        <span className="block truncate">
          <span className="font-medium">{row.payee ?? inWords(row.kind)}</span>
          {row.memo ? <span className="ml-2 text-muted">{row.memo}</span> : null}
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
      id: "amount",
      header: "Amount",
      numeric: true,
      cell: (row) => <Money coloured="gains" currency={currency} value={row.amount} />,
    },
    {
      id: "balance",
      header: "Balance",
      numeric: true,
      from: "sm",
      cell: (row) => <Money currency={currency} value={row.balance} />,
    },
  ];
}

function Lines({ question }: { question: Question }) {
  const query = useInfiniteQuery({
    queryKey: ["ledger", "statement", question],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/accounts/{account_id}/statement", {
          params: {
            path: { account_id: question.account },
            query: { ...queryOf(question), limit: PAGE_ROWS, cursor: pageParam },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
  const whole = query.data?.pages[0];
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (!whole) {
    return query.isError ? (
      <ErrorState error={query.error} onRetry={() => void query.refetch()} />
    ) : null;
  }
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const sums = [
    ["Opening balance", whole.opening],
    ["Money in", whole.money_in],
    ["Money out", whole.money_out],
    ["Closing balance", whole.closing],
  ] as const;
  return (
    <>
      {query.isError ? (
        <div className="p-2">
          <StaleNotice onRetry={() => void query.refetch()}>
            {query.error.message}. These are the last known figures.
          </StaleNotice>
        </div>
      ) : null}
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 border-b px-4 py-3 sm:grid-cols-4">
        {sums.map(([name, value]) => (
          <div key={name}>
            <dt className="label-caps">{name}</dt>
            <dd className="text-sm font-semibold">
              <Money currency={whole.currency} value={value} />
            </dd>
          </div>
        ))}
      </dl>
      {rows.length === 0 ? (
        <EmptyState icon="search" title="Nothing moved in these days">
          Choose an earlier first day.
        </EmptyState>
      ) : (
        <DataTable
          columns={columnsIn(whole.currency)}
          label="Movements"
          onNearEnd={() => {
            if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
          }}
          rowHeight={38}
          rowId={(row) => row.activity_id}
          rows={rows}
        />
      )}
      <div className="flex items-center gap-3 border-t px-4 py-2 text-xs text-muted">
        <span role="status">
          {rows.length < whole.lines
            ? `${formatCount(rows.length)} of ${formatCount(whole.lines)} movements`
            : whole.lines === 1
              ? "1 movement"
              : `${formatCount(whole.lines)} movements`}
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
