"use client";
import Link from "next/link";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { DataTable, type Column } from "@/components/DataTable";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Facts } from "@/components/Page";
import { Sheet } from "@/components/Sheet";
import { Figure } from "@/figures/Figure";
import { formatDay, inWords } from "@/figures/format";
import { Money, Quantity } from "@/figures/Money";

type Position = Schemas["PositionRow"];
const NOTHING = <span className="text-faint">{"\u2014"}</span>;

function columnsFor(withAccount: boolean): Column<Position>[] {
  const columns: Column<Position>[] = [
    {
      id: "name",
      header: "Position",
      sortBy: (row) => row.name,
      cell: (row) => (
        <span className="min-w-0">
          <span className="block font-medium">{row.name}</span>
          <span className="block max-w-36 truncate text-xs text-muted sm:hidden">
            {withAccount ? row.account : inWords(row.asset_class)}
          </span>
        </span>
      ),
    },
    {
      id: "account",
      header: "Account",
      from: "md",
      sortBy: (row) => row.account,
      cell: (row) => <span className="text-muted">{row.account}</span>,
    },
    {
      id: "class",
      header: "Class",
      from: "xl",
      sortBy: (row) => row.asset_class,
      cell: (row) => <span className="text-muted">{inWords(row.asset_class)}</span>,
    },
    {
      id: "quantity",
      header: "Quantity",
      from: "sm",
      numeric: true,
      sortBy: (row) => row.quantity.value,
      cell: (row) => <Figure figure={row.quantity} name={`Quantity of ${row.name}`} />,
    },
    {
      id: "price",
      header: "Price",
      from: "lg",
      numeric: true,
      sortBy: (row) => row.price,
      cell: (row) =>
        row.price === null || row.price_source === "cash" ? (
          NOTHING
        ) : (
          <span title={row.price_day ? `Of ${formatDay(row.price_day)}` : undefined}>
            <Money currency={row.price_currency} value={row.price} />
            {row.price_source === "own_trade" ? (
              <span className="block text-2xs text-warn">last trade</span>
            ) : null}
          </span>
        ),
    },
    {
      id: "cost",
      header: "Cost",
      from: "lg",
      numeric: true,
      sortBy: (row) => row.cost?.value ?? null,
      cell: (row) =>
        row.cost ? <Figure figure={row.cost} name={`Cost of ${row.name}`} /> : NOTHING,
    },
    {
      id: "gain",
      header: "Unrealised",
      from: "sm",
      numeric: true,
      sortBy: (row) => row.unrealised_gain?.value ?? null,
      cell: (row) =>
        row.unrealised_gain ? (
          <Figure coloured figure={row.unrealised_gain} name={`Unrealised gain of ${row.name}`} />
        ) : (
          NOTHING
        ),
    },
    {
      id: "realised",
      header: "Realised",
      from: "xl",
      numeric: true,
      sortBy: (row) => row.realised_gain?.value ?? null,
      cell: (row) =>
        row.realised_gain ? (
          <Figure coloured figure={row.realised_gain} name={`Realised gain of ${row.name}`} />
        ) : (
          NOTHING
        ),
    },
    {
      id: "value",
      header: "Value",
      numeric: true,
      sortBy: (row) => row.value.value,
      cell: (row) => <Figure figure={row.value} name={`Value of ${row.name}`} />,
    },
    {
      id: "weight",
      header: "Weight",
      from: "md",
      numeric: true,
      sortBy: (row) => row.weight.value,
      cell: (row) => (
        <Figure
          className="text-muted"
          digits={1}
          figure={row.weight}
          name={`Weight of ${row.name}`}
        />
      ),
    },
  ];
  return withAccount ? columns : columns.filter((column) => column.id !== "account");
}

const idOf = (row: Position) => `${row.account_id}-${row.instrument_id ?? row.name}`;

export function PositionsTable({
  positions,
  withAccount,
}: {
  positions: readonly Position[];
  withAccount: boolean;
}) {
  const [opened, setOpened] = useState<string | null>(null);
  const position = positions.find((row) => idOf(row) === opened);
  return (
    <>
      <DataTable
        columns={columnsFor(withAccount)}
        label="Positions"
        onOpen={(row) => setOpened(idOf(row))}
        rowId={idOf}
        rows={positions}
      />
      <Sheet
        about={position ? `${position.account}, ${inWords(position.asset_class)}` : undefined}
        footer={
          position?.instrument_id ? (
            <Button asChild>
              <Link href={`/prices/instrument/?id=${position.instrument_id}`}>Price history</Link>
            </Button>
          ) : null
        }
        onClose={() => setOpened(null)}
        open={position !== undefined}
        title={position?.name ?? ""}
      >
        {position ? <PositionDetail position={position} /> : null}
      </Sheet>
    </>
  );
}

function PositionDetail({ position }: { position: Position }) {
  const lots = position.lots ?? [];
  return (
    <div className="flex flex-col gap-5">
      <Facts
        items={[
          ["Value", <Figure figure={position.value} key="v" name="Value" />],
          ["Quantity", <Figure figure={position.quantity} key="q" name="Quantity" />],
          [
            "Price",
            position.price === null ? (
              "None known"
            ) : (
              <Money currency={position.price_currency} key="p" value={position.price} />
            ),
          ],
          ["Price of", position.price_day ? formatDay(position.price_day) : "\u2014"],
          ...(position.cost
            ? ([["Cost", <Figure figure={position.cost} key="c" name="Cost" />]] as const)
            : []),
          ...(position.unrealised_gain
            ? ([
                [
                  "Unrealised gain",
                  <Figure
                    coloured
                    figure={position.unrealised_gain}
                    key="u"
                    name="Unrealised gain"
                  />,
                ],
              ] as const)
            : []),
          ...(position.realised_gain
            ? ([
                [
                  "Realised gain",
                  <Figure coloured figure={position.realised_gain} key="r" name="Realised gain" />,
                ],
              ] as const)
            : []),
          ...(position.income
            ? ([
                ["Income", <Figure coloured figure={position.income} key="i" name="Income" />],
              ] as const)
            : []),
        ]}
      />
      {lots.length > 0 ? (
        <section aria-label="Open lots">
          <h3 className="mb-2 text-xs font-semibold">
            Open lots{" "}
            <span className="font-normal text-muted">{`${lots.length}, by ${position.method ?? "the account\u2019s method"}`}</span>
          </h3>
          <ul className="divide-y rounded-md border text-sm">
            {lots.map((lot) => (
              <li className="flex items-baseline justify-between gap-3 px-3 py-2" key={lot.id}>
                <span>
                  <span className="block">{formatDay(lot.acquired_on)}</span>
                  <span className="block text-xs text-muted">
                    <Quantity value={lot.quantity} /> units
                  </span>
                </span>
                <span className="text-right">
                  {lot.cost === null ? (
                    <span className="block text-muted">Cost not known</span>
                  ) : (
                    <Money className="block" currency={lot.currency} value={lot.cost} />
                  )}
                  <Badge>
                    {lot.long_term_from <= (position.price_day ?? "")
                      ? "Long-term"
                      : `Long-term from ${formatDay(lot.long_term_from)}`}
                  </Badge>
                </span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  );
}
