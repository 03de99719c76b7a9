/**
 * How amounts, ratios, quantities and days are written. Amounts are decimal strings from the
 * server and stay strings: Intl formats them exactly, and no float ever holds money.
 */

const MINUS = "\u2212";

type Exact = Intl.StringNumericLiteral;
export type SignStyle = "auto" | "always";

interface MoneyStyle {
  sign?: SignStyle;
  digits?: number | undefined;
  compact?: boolean;
  locale?: string | undefined;
}

const DEFAULT_LOCALE: string | undefined = undefined;

const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(
  locale: string | undefined,
  options: Intl.NumberFormatOptions,
): Intl.NumberFormat {
  const key = `${locale ?? ""}${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

function typographic(text: string): string {
  return text.replace("-", MINUS);
}

function isCurrencyCode(code: string): boolean {
  return /^[A-Z]{3}$/.test(code);
}

/** Write money in the reader's locale; codes that are no currency follow the number. */
export function formatMoney(value: string, currency: string, style: MoneyStyle = {}): string {
  const options: Intl.NumberFormatOptions = {
    signDisplay: style.sign === "always" ? "exceptZero" : "negative",
    ...(style.compact ? { notation: "compact", maximumFractionDigits: 1 } : {}),
    ...(style.digits === undefined
      ? {}
      : { minimumFractionDigits: style.digits, maximumFractionDigits: style.digits }),
  };
  const locale = style.locale ?? DEFAULT_LOCALE;
  if (isCurrencyCode(currency)) {
    const format = numberFormat(locale, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      ...options,
    });
    return typographic(format.format(value as Exact));
  }
  const format = numberFormat(locale, { maximumFractionDigits: 8, ...options });
  return `${typographic(format.format(value as Exact))} ${currency}`;
}

/** Write a ratio as a percentage: 0.05 is 5.00 %. */
export function formatRatio(
  value: string,
  style: { sign?: SignStyle; digits?: number; locale?: string } = {},
): string {
  const digits = style.digits ?? 2;
  const format = numberFormat(style.locale ?? DEFAULT_LOCALE, {
    style: "percent",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: style.sign === "always" ? "exceptZero" : "negative",
  });
  return typographic(format.format(value as Exact));
}

/** Write a quantity without trailing zeros, up to `digits` places. */
export function formatQuantity(value: string, digits = 8, locale?: string): string {
  return typographic(
    numberFormat(locale ?? DEFAULT_LOCALE, { maximumFractionDigits: digits }).format(
      value as Exact,
    ),
  );
}

export function formatCount(value: number): string {
  return numberFormat(DEFAULT_LOCALE, {}).format(value);
}

/** Tell the sign of a decimal string without reading it as a number. */
export function signOf(value: string): -1 | 0 | 1 {
  if (!/[1-9]/.test(value)) return 0;
  return value.startsWith("-") ? -1 : 1;
}

const dayFormats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  let found = dayFormats.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat(DEFAULT_LOCALE, options);
    dayFormats.set(name, found);
  }
  return found;
}

/** Write a day (YYYY-MM-DD, or the day of a moment as booked, in UTC). */
export function formatDay(day: string): string {
  const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" } as const;
  return dateFormat("day", options).format(new Date(`${day.slice(0, 10)}T00:00:00Z`));
}

/** Write a moment in the reader's time zone. */
export function formatMoment(moment: string): string {
  return dateFormat("moment", { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

/** Write a code such as credit_card for people: Credit card. */
export function inWords(code: string): string {
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
