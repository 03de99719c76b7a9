/** Which answers an event makes old: those of its own package, and of the packages that read it. */

const READERS: Readonly<Record<string, readonly string[]>> = {
  ledger: ["banking", "portfolio", "payments"],
  banking: ["ledger", "portfolio"],
  payments: ["ledger", "banking", "portfolio"],
  market: ["portfolio"],
  portfolio: [],
};

/** Return the packages whose queries are to be asked again; every event adds to the journal. */
export function packagesTouched(type: string): readonly string[] {
  const own = type.split(".")[0] ?? "";
  return [own, ...(READERS[own] ?? []), "audit"];
}
