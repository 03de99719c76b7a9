import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { DataTable, type Column } from "@/components/DataTable";

interface Row {
  id: string;
  amount: string;
}

const COLUMNS: Column<Row>[] = [
  { id: "id", header: "Name", cell: (row) => row.id },
  {
    id: "amount",
    header: "Amount",
    numeric: true,
    sortBy: (row) => row.amount,
    cell: (row) => row.amount,
  },
];
const ROWS: Row[] = [
  { id: "a", amount: "9" },
  { id: "b", amount: "-10" },
  { id: "c", amount: "100" },
];

function names(): string[] {
  return within(screen.getByRole("table"))
    .getAllByRole("row")
    .slice(1)
    .map((row) => within(row).getAllByRole("cell")[0]?.textContent ?? "");
}

it("moves by arrow keys, Home and End, and opens by Enter", async () => {
  const open = vi.fn();
  render(
    <DataTable
      columns={COLUMNS}
      label="Things"
      onOpen={open}
      rowId={(row) => row.id}
      rows={ROWS}
    />,
  );
  const user = userEvent.setup();
  const rows = screen.getAllByRole("row").slice(1);
  rows[0]?.focus();
  await user.keyboard("{ArrowDown}");
  await vi.waitFor(() => expect(rows[1]).toHaveFocus());
  await user.keyboard("{End}");
  await vi.waitFor(() => expect(rows[2]).toHaveFocus());
  await user.keyboard("{Enter}");
  expect(open).toHaveBeenCalledWith(ROWS[2]);
  expect(rows.map((row) => row.tabIndex)).toEqual([-1, -1, 0]);
});

it("sorts decimal strings as numbers, down, up, and back", async () => {
  render(<DataTable columns={COLUMNS} label="Things" rowId={(row) => row.id} rows={ROWS} />);
  const user = userEvent.setup();
  const header = screen.getByRole("button", { name: "Amount" });
  await user.click(header);
  expect(names()).toEqual(["c", "a", "b"]);
  expect(screen.getByRole("columnheader", { name: "Amount" })).toHaveAttribute(
    "aria-sort",
    "descending",
  );
  await user.click(header);
  expect(names()).toEqual(["b", "a", "c"]);
  await user.click(header);
  expect(names()).toEqual(["a", "b", "c"]);
});

it("keeps most of 10,000 rows out of the page", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => ({ id: `r${index}`, amount: "1" }));
  render(<DataTable columns={COLUMNS} label="Things" rowId={(row) => row.id} rows={many} />);
  expect(screen.getByRole("table")).toHaveAttribute("aria-rowcount", "10001");
  expect(screen.getAllByRole("row").length).toBeLessThan(200);
});
