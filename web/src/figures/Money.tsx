import { classes } from "@/components/classes";
import { formatMoney, formatQuantity, formatRatio, signOf, type SignStyle } from "@/figures/format";

interface Props {
  value: string;
  sign?: SignStyle;
  /** Colour by sign, or gains only; the sign itself is always written, too. */
  coloured?: boolean | "gains";
  className?: string | undefined;
}

export function toneOf(value: string): string {
  const sign = signOf(value);
  return sign > 0 ? "text-gain" : sign < 0 ? "text-loss" : "";
}

function colourOf(value: string, coloured: Props["coloured"]): string | false {
  if (coloured === "gains") return signOf(value) > 0 && "text-gain";
  return coloured === true && toneOf(value);
}

/** An amount of money, from the server's decimal string. */
export function Money({
  value,
  currency,
  sign = "auto",
  coloured,
  className,
  digits,
}: Props & { currency: string; digits?: number | undefined }) {
  return (
    <span className={classes("figures", colourOf(value, coloured), className)}>
      {formatMoney(value, currency, { sign: coloured ? "always" : sign, digits })}
    </span>
  );
}

export function Ratio({
  value,
  sign = "auto",
  coloured,
  className,
  digits = 2,
}: Props & { digits?: number }) {
  return (
    <span className={classes("figures", colourOf(value, coloured), className)}>
      {formatRatio(value, { sign: coloured ? "always" : sign, digits })}
    </span>
  );
}

export function Quantity({ value, digits = 8 }: { value: string; digits?: number }) {
  return <span className="figures">{formatQuantity(value, digits)}</span>;
}
