"use client";
import type { Schemas } from "@/api/client";
import { classes } from "@/components/classes";
import { formatMoney, formatQuantity, formatRatio, type SignStyle } from "@/figures/format";
import { toneOf } from "@/figures/Money";
import { useExplained } from "@/state/explained";

export type FigureValue = Schemas["FigureValue"];

interface Style {
  sign?: SignStyle;
  digits?: number | undefined;
}

// Ratios of two rates, which the field writes as plain numbers, not as percentages.
const PLAIN_RATIOS =
  /^(sharpe|sortino|calmar|omega|stability|beta|treynor|information_ratio|probabilistic_sharpe|correlation|r_squared|skew|kurtosis|tail_ratio)/;

/** Write a figure's value by its unit; null when it is undefined. */
export function writeFigure(figure: FigureValue, style: Style = {}): string | null {
  if (figure.value === null) return null;
  const sign = style.sign ?? "auto";
  if (PLAIN_RATIOS.test(figure.definition)) {
    return formatQuantity(figure.value, style.digits ?? 2);
  }
  switch (figure.unit) {
    case "money":
      return formatMoney(figure.value, figure.currency ?? "", { sign, digits: style.digits });
    case "ratio":
    case "ratio_per_year":
      return formatRatio(figure.value, { sign, digits: style.digits ?? 2 });
    case "days":
      return `${formatQuantity(figure.value, 0)} days`;
    default:
      return formatQuantity(figure.value, style.digits ?? 4);
  }
}

interface Props extends Style {
  figure: FigureValue;
  /** What the figure is, for readers who do not see its surroundings. */
  name: string;
  coloured?: boolean;
  className?: string;
  /** Inside the explanation, a figure leads further in. */
  nested?: boolean;
}

/** A figure that opens its explanation: the formula, what went into it, and as of when. */
export function Figure({ figure, name, coloured, className, nested, ...style }: Props) {
  const open = useExplained((state) => state.open);
  const into = useExplained((state) => state.into);
  const text = writeFigure(figure, coloured ? { ...style, sign: "always" } : style);
  const reason = figure.reason_text ?? "This figure is undefined.";
  return (
    <button
      aria-label={`${name}: ${text ?? `undefined. ${reason}`} Explain`}
      className={classes(
        "-mx-1 cursor-help rounded px-1 figures decoration-faint decoration-dotted underline-offset-4 hover:bg-accent-soft hover:underline",
        coloured && figure.value !== null && toneOf(figure.value),
        text === null && "text-faint",
        className,
      )}
      data-figure={figure.id}
      onClick={(event) => {
        event.stopPropagation();
        (nested ? into : open)(figure.id);
      }}
      title={text === null ? reason : "Explain this figure"}
      type="button"
    >
      {text ?? "\u2014"}
    </button>
  );
}
