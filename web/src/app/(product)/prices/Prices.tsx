"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useDeferredValue, useState } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useInstruments, useMay } from "@/api/hooks";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { DataTable, type Column } from "@/components/DataTable";
import { TextField } from "@/components/Field";
import { Page, Section } from "@/components/Page";
import { EmptyState, Loaded } from "@/components/States";
import { formatCount, formatDay, inWords } from "@/figures/format";
import { notify } from "@/state/toasts";

type Instrument = Schemas["InstrumentRow"];

const COLUMNS: Column<Instrument>[] = [
  {
    id: "name",
    header: "Instrument",
    sortBy: (row) => row.name,
    cell: (row) => (
      <span className="flex items-center gap-2">
        <span className="font-medium">{row.name}</span>
        {row.active ? null : <Badge>Not followed</Badge>}
      </span>
    ),
  },
  {
    id: "ticker",
    header: "Ticker",
    sortBy: (row) => row.ticker ?? null,
    cell: (row) => <span className="text-muted">{row.ticker ?? "\u2014"}</span>,
  },
  {
    id: "kind",
    header: "Kind",
    from: "sm",
    sortBy: (row) => row.kind,
    cell: (row) => <span className="text-muted">{inWords(row.kind)}</span>,
  },
  {
    id: "sector",
    header: "Sector",
    from: "lg",
    sortBy: (row) => row.classification.sector ?? null,
    cell: (row) => <span className="text-muted">{row.classification.sector ?? "\u2014"}</span>,
  },
  {
    id: "currency",
    header: "Currency",
    from: "md",
    cell: (row) => <span className="text-muted">{row.currency}</span>,
  },
];

export function Prices() {
  const router = useRouter();
  const instruments = useInstruments();
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim().toLowerCase());
  return (
    <Page
      about="Every instrument the book knows, with its stored prices and corporate actions."
      actions={<Refresh />}
      title="Prices"
    >
      <Section
        actions={
          <TextField
            className="w-56"
            data-page-search
            hideLabel
            label="Search instruments"
            onChange={(event) => setText(event.target.value)}
            placeholder="Search"
            type="search"
            value={text}
          />
        }
        flush
        title="Instruments"
      >
        <Loaded query={instruments}>
          {(data) => {
            const rows = data.items.filter((row) =>
              `${row.name} ${row.ticker ?? ""}`.toLowerCase().includes(wanted),
            );
            return rows.length === 0 ? (
              <EmptyState
                icon="prices"
                title={
                  data.items.length === 0 ? "No instrument is known yet" : "Nothing is called that"
                }
              >
                Imports bring the instruments they name.
              </EmptyState>
            ) : (
              <DataTable
                columns={COLUMNS}
                label="Instruments"
                onOpen={(row) => router.push(`/prices/instrument/?id=${row.id}`)}
                rowId={(row) => row.id}
                rows={rows}
              />
            );
          }}
        </Loaded>
      </Section>
      <Quality />
    </Page>
  );
}

function Refresh() {
  const mayWrite = useMay("market:write");
  const refresh = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/prices/refresh", { body: {} })),
    onSuccess: () =>
      notify({
        tone: "good",
        title: "Prices are being fetched",
        text: "They appear as they arrive; you can leave this page.",
      }),
  });
  return mayWrite ? (
    <Button busy={refresh.isPending} onClick={() => refresh.mutate()}>
      Fetch missing prices
    </Button>
  ) : null;
}

interface Findings {
  id: string;
  ticker: string;
  kind: Schemas["Finding"]["kind"];
  count: number;
  newest: Schemas["Finding"];
}

/** One line for each instrument and kind: the newest finding, and how many there are. */
function grouped(findings: readonly Schemas["Finding"][]): Findings[] {
  const groups = new Map<string, Findings>();
  for (const finding of findings) {
    const id = `${finding.instrument_id}${finding.kind}`;
    const count = (groups.get(id)?.count ?? 0) + 1;
    groups.set(id, {
      id,
      ticker: finding.ticker ?? "\u2014",
      kind: finding.kind,
      count,
      newest: finding,
    });
  }
  return [...groups.values()];
}

const FINDINGS: Column<Findings>[] = [
  {
    id: "ticker",
    header: "Instrument",
    cell: (row) => <span className="font-medium">{row.ticker}</span>,
  },
  {
    id: "kind",
    header: "Finding",
    cell: (row) => <Badge tone={row.kind === "jump" ? "warn" : "plain"}>{inWords(row.kind)}</Badge>,
  },
  {
    id: "count",
    header: "Times",
    numeric: true,
    sortBy: (row) => row.count,
    cell: (row) => <span className="figures">{formatCount(row.count)}</span>,
  },
  {
    id: "day",
    header: "Newest",
    from: "sm",
    cell: (row) => (
      <span className="figures text-muted">
        {row.newest.first_day ? formatDay(row.newest.first_day) : "\u2014"}
      </span>
    ),
  },
  {
    id: "message",
    header: "What it says",
    from: "md",
    cell: (row) => <span className="text-muted">{row.newest.message}</span>,
  },
];

function Quality() {
  const quality = useQuery({
    queryKey: ["market", "quality"],
    queryFn: () => answer(api.GET("/api/v1/market/quality", { params: { query: {} } })),
    staleTime: 5 * 60_000,
  });
  return (
    <Section
      about={
        quality.data
          ? `${formatCount(quality.data.prices_checked)} prices of ${formatCount(quality.data.instruments_checked)} instruments were checked`
          : undefined
      }
      flush
      title="Quality of the prices"
    >
      <Loaded query={quality}>
        {(data) =>
          data.findings.length === 0 ? (
            <EmptyState icon="check" title="Nothing was found" />
          ) : (
            <DataTable
              columns={FINDINGS}
              label="Findings"
              maxHeight="24rem"
              rowId={(row) => row.id}
              rows={grouped(data.findings)}
            />
          )
        }
      </Loaded>
    </Section>
  );
}
