import type { Schemas } from "@/api/client";
import { inWords } from "@/figures/format";

export type Transaction = Schemas["TransactionRow"];

/** Who or what a transaction is about, in the fewest words. */
export function subjectOf(row: Transaction): string {
  return (
    row.payee ?? row.instrument_name ?? row.memo ?? row.counter_account_name ?? inWords(row.kind)
  );
}
