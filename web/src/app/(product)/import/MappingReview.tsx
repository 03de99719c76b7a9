import type { Schemas } from "@/api/client";
import { DataTable, type Column } from "@/components/DataTable";
import { SelectField } from "@/components/Field";
import { Section } from "@/components/Page";
import { formatRatio, inWords } from "@/figures/format";

type Mapping = Schemas["Mapping"];
type Proposal = Schemas["MappingProposal"];
const FIELDS = [
  "date",
  "amount",
  "debit",
  "credit",
  "payee",
  "memo",
  "category",
  "currency",
  "balance",
  "external_id",
  "kind",
  "symbol",
  "isin",
  "quantity",
  "unit_price",
  "fees",
  "taxes",
] as const;
type Field = (typeof FIELDS)[number];

/** Give a column another meaning; a column means one thing, and a meaning has one column. */
export function remapped(
  mapping: Mapping | null,
  column: string,
  field: Field | "",
): Mapping | null {
  const next: Partial<Record<Field, string | null>> = {};
  for (const name of FIELDS) {
    const present = mapping?.[name] ?? null;
    next[name] = name === field ? column : present === column ? null : present;
  }
  if (!next.date) return null;
  return { ...mapping, ...next, date: next.date };
}

/** What each column seems to mean, with its own cells beside it, to be mended before the trial. */
export function MappingReview({
  proposal,
  mapping,
  onChange,
}: {
  proposal: Proposal;
  mapping: Mapping | null;
  onChange: (mapping: Mapping | null) => void;
}) {
  const meaning = new Map<string, Field>();
  for (const field of FIELDS) {
    const column = mapping?.[field];
    if (column) meaning.set(column, field);
  }
  const columns: Column<Proposal["columns"][number]>[] = [
    {
      id: "column",
      header: "Column",
      cell: (row) => <span className="font-medium">{row.column}</span>,
    },
    {
      id: "sample",
      header: "Cells",
      from: "sm",
      className: "max-w-64",
      cell: (row) => (
        <span className="block truncate text-xs text-muted">
          {row.sample.slice(0, 3).join(" \u00b7 ")}
        </span>
      ),
    },
    {
      id: "field",
      header: "Means",
      cell: (row) => (
        <SelectField
          className="w-40"
          hideLabel
          label={`Meaning of ${row.column}`}
          onChange={(event) =>
            onChange(remapped(mapping, row.column, event.target.value as Field | ""))
          }
          options={[["", "Not used"], ...FIELDS.map((field) => [field, inWords(field)] as const)]}
          value={meaning.get(row.column) ?? ""}
        />
      ),
    },
  ];
  return (
    <Section
      about={`Guessed from the header and the cells, ${formatRatio(String(proposal.confidence), { digits: 0 })} sure. Mend what is wrong.`}
      flush
      title="What the columns mean"
    >
      <DataTable
        columns={columns}
        label="Columns"
        rowId={(row) => row.column}
        rows={proposal.columns}
      />
    </Section>
  );
}
