import type { Schemas } from "@/api/client";
import { classes } from "@/components/classes";
import { Figure, type FigureValue } from "@/figures/Figure";
import { signOf } from "@/figures/format";

/** From the opening to the closing value: each line a figure, and together they add up exactly. */
export function Bridge({ bridge }: { bridge: Schemas["BridgeView"] }) {
  const lines: [string, FigureValue, boolean][] = [
    ["Paid in", bridge.inflow, false],
    ["Taken out", bridge.outflow, true],
    ["Realised gain", bridge.realised_gain, false],
    ["Unrealised gain", bridge.unrealised_gain, false],
    ["Currencies", bridge.currency_gain, false],
    ["Income", bridge.income, false],
    ["Fees", bridge.fees, true],
    ["Taxes", bridge.taxes, true],
  ];
  return (
    <dl className="text-sm">
      <BridgeLine figure={bridge.opening} name="At the start" strong />
      {lines
        .filter(([, figure]) => figure.value === null || signOf(figure.value) !== 0)
        .map(([name, figure, subtracts]) => (
          <BridgeLine figure={figure} key={name} name={name} subtracts={subtracts} />
        ))}
      <BridgeLine figure={bridge.closing} name="At the end" strong />
    </dl>
  );
}

function BridgeLine({
  name,
  figure,
  subtracts,
  strong,
}: {
  name: string;
  figure: FigureValue;
  subtracts?: boolean;
  strong?: boolean;
}) {
  return (
    <div
      className={classes(
        "flex justify-between gap-4 py-1.5",
        strong ? "font-medium" : "border-b border-dashed last-of-type:border-0",
      )}
    >
      <dt className={strong ? "" : "text-muted"}>{name}</dt>
      <dd>
        {subtracts ? <span className="text-muted">less </span> : null}
        <Figure coloured={!strong && !subtracts} figure={figure} name={name} />
      </dd>
    </div>
  );
}
