import type { ReactNode } from "react";
import { classes } from "@/components/classes";

const TONES = {
  plain: "bg-sunken text-muted",
  accent: "bg-accent-soft text-accent-ink",
  warn: "bg-warn-soft text-warn",
  bad: "bg-loss-soft text-loss",
};

export function Badge({
  tone = "plain",
  children,
}: {
  tone?: keyof typeof TONES;
  children: ReactNode;
}) {
  return (
    <span
      className={classes(
        "inline-flex items-center gap-1 rounded px-1.5 text-2xs font-medium whitespace-nowrap",
        TONES[tone],
      )}
    >
      {children}
    </span>
  );
}
