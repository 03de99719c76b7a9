import type { Meta } from "@storybook/react-vite";
import { DataTable, type Column } from "@/components/DataTable";
import { Section } from "@/components/Page";
import { Money } from "@/figures/Money";

export default { title: "Table" } satisfies Meta;

interface Row {
  id: string;
  payee: string;
  cash: string;
}

const COLUMNS: Column<Row>[] = [
  { id: "payee", header: "Payee", sortBy: (row) => row.payee, cell: (row) => row.payee },
  {
    id: "cash",
    header: "Cash",
    numeric: true,
    sortBy: (row) => row.cash,
    cell: (row) => <Money coloured currency="USD" value={row.cash} />,
  },
];

const rows = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${index}`,
    payee: `Payee ${index}`,
    cash: `${(index % 7) - 3}.50`,
  }));

export const Few = () => (
  <Section flush title="A few rows">
    <DataTable
      columns={COLUMNS}
      label="Transactions"
      onOpen={() => undefined}
      rowId={(row) => row.id}
      rows={rows(8)}
    />
  </Section>
);

export const TenThousand = () => (
  <Section flush title="10,000 rows, of which the page holds those in view">
    <DataTable
      columns={COLUMNS}
      label="Transactions"
      onOpen={() => undefined}
      rowId={(row) => row.id}
      rows={rows(10_000)}
    />
  </Section>
);
