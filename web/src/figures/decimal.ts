/** Sums of decimal strings, exact: amounts are never read as floating-point numbers. */

const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/** Tell whether a text is a decimal above zero, as an amount to move must be. */
export function isPositive(text: string): boolean {
  return DECIMAL.test(text) && !text.startsWith("-") && /[1-9]/.test(text);
}

function scaled(value: string, places: number): bigint {
  const [whole = "0", fraction = ""] = value.split(".");
  return (
    BigInt(whole.replace("-", "") + fraction.padEnd(places, "0")) *
    (value.startsWith("-") ? -1n : 1n)
  );
}

/** Add decimal strings; the sum has as many places as the most exact of them. */
export function sumOf(...values: readonly string[]): string {
  const places = Math.max(...values.map((value) => value.split(".")[1]?.length ?? 0));
  const sum = values.reduce((total, value) => total + scaled(value, places), 0n);
  const digits = (sum < 0n ? -sum : sum).toString().padStart(places + 1, "0");
  const cut = digits.length - places;
  const text = places > 0 ? `${digits.slice(0, cut)}.${digits.slice(cut)}` : digits;
  return sum < 0n ? `-${text}` : text;
}

export function negated(value: string): string {
  if (!/[1-9]/.test(value)) return value;
  return value.startsWith("-") ? value.slice(1) : `-${value}`;
}
