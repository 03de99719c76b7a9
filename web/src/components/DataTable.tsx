"use client";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { classes } from "@/components/classes";
import { Icon } from "@/components/Icon";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand on the right. */
  numeric?: boolean;
  /** The least screen on which the column is shown; phones keep what matters most. */
  from?: "sm" | "md" | "lg" | "xl";
  /** Makes the header a button that sorts by this key; digits in strings compare as numbers. */
  sortBy?: (row: Row) => string | number | null;
  className?: string;
}

interface Props<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowId: (row: Row) => string;
  onOpen?: (row: Row) => void;
  /** Called when the last rows come into view. */
  onNearEnd?: () => void;
  selectedId?: string | undefined;
  /** Rows of one line have one height, which virtual scrolling counts with. */
  rowHeight?: number;
  maxHeight?: string;
  footer?: ReactNode;
}

const VIRTUAL_FROM = 200;
const OVERSCAN_ROWS = 12;
const NEAR_END_ROWS = 20;
const SHOWN_FROM = {
  sm: "hidden sm:table-cell",
  md: "hidden md:table-cell",
  lg: "hidden lg:table-cell",
  xl: "hidden xl:table-cell",
};

interface Order {
  column: string;
  descending: boolean;
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return String(a).localeCompare(String(b));
}

function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  order: Order | null,
): readonly Row[] {
  const by = columns.find((column) => column.id === order?.column)?.sortBy;
  if (!by || !order) return rows;
  const direction = order.descending ? -1 : 1;
  return [...rows].sort((a, b) => direction * compare(by(a), by(b)));
}

/**
 * A table for many rows: only those in view are in the page once there are more than 200. One row
 * takes part in the tab order; arrow keys, Home, End and the page keys move, Enter opens.
 */
export function DataTable<Row>(props: Props<Row>) {
  const { label, columns, rowId, onOpen, selectedId, rowHeight = 40, maxHeight, footer } = props;
  const [order, setOrder] = useState<Order | null>(null);
  const [active, setActive] = useState(0);
  const frame = useRef<HTMLDivElement>(null);
  const rows = sorted(props.rows, columns, order);
  const virtual = rows.length > VIRTUAL_FROM;
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer is read while rendering, as its own guide does
  const virtualizer = useVirtualizer({
    count: rows.length,
    enabled: virtual,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN_ROWS,
    onChange: (instance) => {
      const last = instance.getVirtualItems().at(-1);
      if (last && last.index >= rows.length - NEAR_END_ROWS) props.onNearEnd?.();
    },
  });
  const items = virtual
    ? virtualizer.getVirtualItems().map((item) => item.index)
    : rows.map((_, index) => index);
  const above = virtual ? (virtualizer.getVirtualItems()[0]?.start ?? 0) : 0;
  const below = virtual
    ? virtualizer.getTotalSize() - (virtualizer.getVirtualItems().at(-1)?.end ?? 0)
    : 0;
  const focusable = items.includes(active) ? active : (items[0] ?? 0);

  function move(event: KeyboardEvent, index: number) {
    const page = Math.max(1, Math.floor((frame.current?.clientHeight ?? 400) / rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: index + page,
      PageUp: index - page,
    };
    const wanted = steps[event.key];
    if (wanted === undefined || event.target !== event.currentTarget) {
      if (
        event.key === "Enter" &&
        event.target === event.currentTarget &&
        onOpen &&
        rows[index] !== undefined
      )
        onOpen(rows[index]);
      return;
    }
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, wanted));
    setActive(next);
    if (virtual) virtualizer.scrollToIndex(next);
    requestAnimationFrame(() => {
      frame.current
        ?.querySelector<HTMLElement>(`[data-row="${next}"]`)
        ?.focus({ preventScroll: virtual });
    });
  }

  return (
    <div
      className="relative overflow-auto overscroll-contain"
      ref={frame}
      style={virtual || maxHeight ? { maxHeight: maxHeight ?? "70dvh" } : undefined}
      tabIndex={-1}
    >
      <table
        aria-label={label}
        aria-rowcount={rows.length + 1}
        className="w-full border-separate border-spacing-0 text-sm"
      >
        <thead>
          <tr>
            {columns.map((column) => (
              <HeaderCell column={column} key={column.id} onOrder={setOrder} order={order} />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 ? <SpacerRow columns={columns.length} height={above} /> : null}
          {items.map((index) => {
            const row = rows[index];
            if (row === undefined) return null;
            const id = rowId(row);
            return (
              <tr
                aria-rowindex={index + 2}
                aria-selected={selectedId === undefined ? undefined : selectedId === id}
                className={classes(
                  "group outline-offset-[-2px]",
                  onOpen && "cursor-pointer hover:bg-sunken/60",
                  selectedId === id && "bg-accent-soft",
                )}
                data-row={index}
                key={id}
                onClick={onOpen ? () => onOpen(row) : undefined}
                onFocus={() => setActive(index)}
                onKeyDown={(event) => move(event, index)}
                style={virtual ? { height: rowHeight } : undefined}
                tabIndex={index === focusable ? 0 : -1}
              >
                {columns.map((column) => (
                  <td
                    className={classes(
                      "border-b px-3 py-2 first:pl-4 last:pr-4",
                      column.numeric && "text-right",
                      column.from && SHOWN_FROM[column.from],
                      column.className,
                    )}
                    key={column.id}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {below > 0 ? <SpacerRow columns={columns.length} height={below} /> : null}
        </tbody>
        {footer ? <tfoot>{footer}</tfoot> : null}
      </table>
    </div>
  );
}

function SpacerRow({ columns, height }: { columns: number; height: number }) {
  return (
    <tr aria-hidden="true">
      <td colSpan={columns} style={{ height, padding: 0 }} />
    </tr>
  );
}

interface HeaderProps<Row> {
  column: Column<Row>;
  order: Order | null;
  onOrder: (order: Order | null) => void;
}

function HeaderCell<Row>({ column, order, onOrder }: HeaderProps<Row>) {
  const mine = order?.column === column.id;
  const direction = mine ? (order.descending ? "descending" : "ascending") : undefined;
  return (
    <th
      aria-sort={column.sortBy ? (direction ?? "none") : undefined}
      className={classes(
        "sticky top-0 z-10 border-b bg-surface px-3 py-2 text-left label-caps first:pl-4 last:pr-4",
        column.numeric && "text-right",
        column.from && SHOWN_FROM[column.from],
      )}
      scope="col"
    >
      {column.sortBy ? (
        <button
          className={classes(
            "inline-flex items-center gap-1 rounded align-bottom hover:text-ink",
            mine && "text-ink",
            column.numeric && "flex-row-reverse",
          )}
          onClick={() =>
            onOrder(mine && !order.descending ? null : { column: column.id, descending: !mine })
          }
          type="button"
        >
          {column.header}
          <Icon
            className={classes(
              "transition-transform",
              mine ? "opacity-100" : "opacity-0",
              direction === "ascending" && "rotate-180",
            )}
            name="down"
            size={10}
          />
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}
