import { classes } from "@/components/classes";
import { formatMoney, formatQuantity, formatRatio, signOf, type SignStyle } from "@/figures/format";

interface Props {
  value: string;
  sign?: SignStyle;
  /** Colour by sign; the sign itself is always written, too. */
  coloured?: boolean;
  className?: string | undefined;
}

export function toneOf(value: string): string {
  const sign = signOf(value);
  return sign > 0 ? "text-gain" : sign < 0 ? "text-loss" : "";
}

/** An amount of money, from the server's decimal string. */
export function Money({ value, currency, sign = "auto", coloured, className, digits }: Props & { currency: string; digits?: number | undefined }) {
  return (
    <span className={classes("figures", coloured && toneOf(value), className)}>
      {formatMoney(value, currency, { sign: coloured ? "always" : sign, digits })}
    </span>
  );
}

export function Ratio({ value, sign = "auto", coloured, className, digits = 2 }: Props & { digits?: number }) {
  return (
    <span className={classes("figures", coloured && toneOf(value), className)}>
      {formatRatio(value, { sign: coloured ? "always" : sign, digits })}
    </span>
  );
}

export function Quantity({ value, digits = 8 }: { value: string; digits?: number }) {
  return <span className="figures">{formatQuantity(value, digits)}</span>;
}
