import type { Schemas } from "@/api/client";
import { StaleNotice } from "@/components/States";
import { formatDay } from "@/figures/format";

interface Dated {
  as_of: string;
  as_of_reason: string;
  completeness: Schemas["Completeness"];
}

/** Says the day everything is valued on, whenever that is not simply today. */
export function AsOf({ of: { as_of, as_of_reason } }: { of: Dated }) {
  const why = as_of_reason === "newest_price_day" ? ", the day of the newest prices" : "";
  return <span>{`As of ${formatDay(as_of)}${why}`}</span>;
}

/** Says what is missing or old, so that no figure passes for better than it is. */
export function Incomplete({ of: { completeness } }: { of: Dated }) {
  if (completeness.complete) return null;
  const missing = completeness.prices
    .filter((row) => row.problem === "missing")
    .map((row) => row.name);
  const old = completeness.prices.filter((row) => row.problem === "stale").map((row) => row.name);
  const parts = [
    missing.length > 0 ? `No price: ${listed(missing)}.` : "",
    old.length > 0 ? `Old price: ${listed(old)}.` : "",
    completeness.rates.length > 0
      ? `Exchange rate missing or old: ${listed(completeness.rates.map((row) => row.currency))}.`
      : "",
    completeness.lots.length > 0
      ? `Lots cannot be derived in ${completeness.lots.length} positions.`
      : "",
    completeness.price_gaps.length + completeness.rate_gaps.length > 0
      ? `Inside the period, prices or rates were missing or old in ${completeness.price_gaps.length + completeness.rate_gaps.length} stretches.`
      : "",
  ];
  return <StaleNotice>{parts.filter(Boolean).join(" ")}</StaleNotice>;
}

const NAMES_MAX = 6;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_MAX).join(", ");
  return names.length > NAMES_MAX ? `${shown} and ${names.length - NAMES_MAX} more` : shown;
}
