import { Slot } from "radix-ui";
import type { ButtonHTMLAttributes, Ref } from "react";
import { classes } from "@/components/classes";

type Tone = "primary" | "plain" | "quiet" | "danger";

const TONES: Record<Tone, string> = {
  primary: "bg-accent text-on-accent hover:brightness-110 border-transparent",
  plain: "bg-surface text-ink border-line-strong hover:bg-sunken",
  quiet: "bg-transparent text-muted border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-surface text-loss border-line-strong hover:bg-loss-soft",
};

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: Tone;
  size?: "small" | "medium";
  busy?: boolean;
  asChild?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

/** A button; `asChild` lends its look to a link. While busy it keeps its width and its words. */
export function Button({
  tone = "plain",
  size = "medium",
  busy,
  asChild,
  className,
  disabled,
  ...rest
}: Props) {
  const Element = asChild ? Slot.Root : "button";
  const blocked = disabled === true || busy === true;
  return (
    <Element
      {...(asChild ? {} : { type: rest.type ?? "button", disabled: blocked })}
      aria-busy={busy === true ? true : undefined}
      className={classes(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors select-none",
        size === "small" ? "h-7 px-2.5 text-xs" : "h-8 px-3 text-sm",
        TONES[tone],
        blocked && "cursor-not-allowed opacity-55",
        busy && "animate-breathe",
        className,
      )}
      {...rest}
    />
  );
}
