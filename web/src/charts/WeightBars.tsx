import type { ReactNode } from "react";
import { classes } from "@/components/classes";
import { formatRatio } from "@/figures/format";

export interface WeightRow {
  key: string;
  name: string;
  weight: string;
  target?: string | undefined;
  low?: string | undefined;
  high?: string | undefined;
  outside?: boolean;
  detail?: ReactNode;
}

function percent(weight: string): string {
  return `${Math.min(100, Math.max(0, Number(weight) * 100))}%`;
}

/** Weights as bars; the target is a tick and its band a shade. All of it is also said in words. */
export function WeightBars({ rows }: { rows: readonly WeightRow[] }) {
  return (
    <ul className="flex flex-col gap-3">
      {rows.map((row, index) => (
        <li key={row.key}>
          <div className="mb-1 flex items-baseline justify-between gap-3 text-sm">
            <span className="flex min-w-0 items-baseline gap-2">
              <span
                className={classes("size-2 shrink-0 rounded-full", PARTS[index % PARTS.length])}
              />
              <span className="truncate">{row.name}</span>
            </span>
            <span className="flex items-baseline gap-3 figures">{row.detail}</span>
          </div>
          <div aria-hidden="true" className="relative h-2 rounded-full bg-sunken">
            {row.low !== undefined && row.high !== undefined ? (
              <span
                className="absolute inset-y-0 bg-line-strong/60"
                style={{
                  left: percent(row.low),
                  width: percent(String(Number(row.high) - Number(row.low))),
                }}
              />
            ) : null}
            <span
              className={classes(
                "absolute inset-y-0 left-0 rounded-full",
                PARTS[index % PARTS.length],
              )}
              style={{ width: percent(row.weight) }}
            />
            {row.target === undefined ? null : (
              <span
                className="absolute -inset-y-1 w-0.5 rounded bg-ink"
                style={{ left: percent(row.target) }}
              />
            )}
          </div>
          {row.target === undefined ? null : (
            <p className={classes("mt-1 text-xs", row.outside ? "text-warn" : "text-muted")}>
              Target {formatRatio(row.target, { digits: 0 })}
              {row.low !== undefined && row.high !== undefined
                ? `, band ${formatRatio(row.low, { digits: 0 })} to ${formatRatio(row.high, { digits: 0 })}`
                : ""}
              {row.outside ? " \u2014 outside its band" : ""}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

const PARTS = [
  "bg-(--part-1)",
  "bg-(--part-2)",
  "bg-(--part-3)",
  "bg-(--part-4)",
  "bg-(--part-5)",
  "bg-(--part-6)",
  "bg-(--part-7)",
  "bg-(--part-8)",
] as const;
