"use client";
import { useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "@/api/client";
import { Badge } from "@/components/Badge";
import { DataTable, type Column } from "@/components/DataTable";
import { Section } from "@/components/Page";
import { EmptyState, Loaded } from "@/components/States";
import { formatCount, formatMoment } from "@/figures/format";

type Row = Schemas["ImportRow"];

function useImports() {
  return useQuery({
    queryKey: ["banking", "imports"],
    queryFn: () => answer(api.GET("/api/v1/imports", { params: { query: { limit: 200 } } })),
  });
}

const COLUMNS: Column<Row>[] = [
  {
    id: "filename",
    header: "File",
    cell: (row) => (
      <span className="flex items-center gap-2">
        <span className="truncate font-medium">{row.filename || "Unnamed"}</span>
        {row.undone_at ? <Badge>Undone</Badge> : null}
      </span>
    ),
  },
  {
    id: "format",
    header: "Read as",
    from: "md",
    cell: (row) => <span className="text-muted">{row.format}</span>,
  },
  {
    id: "added",
    header: "Added",
    numeric: true,
    sortBy: (row) => row.added,
    cell: (row) => <span className="figures">{formatCount(row.added)}</span>,
  },
  {
    id: "duplicates",
    header: "Already there",
    from: "md",
    numeric: true,
    cell: (row) => <span className="figures text-muted">{formatCount(row.duplicates)}</span>,
  },
  {
    id: "refused",
    header: "Refused",
    from: "sm",
    numeric: true,
    cell: (row) =>
      row.refused > 0 ? (
        <Badge tone="warn">{formatCount(row.refused)}</Badge>
      ) : (
        <span className="text-faint">0</span>
      ),
  },
  {
    id: "when",
    header: "When",
    from: "sm",
    cell: (row) => <span className="figures text-muted">{formatMoment(row.imported_at)}</span>,
  },
  {
    id: "who",
    header: "By",
    from: "lg",
    cell: (row) => <span className="text-muted">{row.imported_by}</span>,
  },
];

export function PastImports({ onOpen }: { onOpen: (id: string) => void }) {
  const imports = useImports();
  return (
    <Section flush title="Imported files">
      <Loaded query={imports}>
        {(data) =>
          data.items.length === 0 ? (
            <EmptyState icon="import" title="No file was imported yet" />
          ) : (
            <DataTable
              columns={COLUMNS}
              label="Imported files"
              onOpen={(row) => onOpen(row.import_id)}
              rowId={(row) => row.import_id}
              rows={data.items}
            />
          )
        }
      </Loaded>
    </Section>
  );
}
