"use client";
import { classes } from "@/components/classes";
import { useLive } from "@/live/useLiveEvents";

const WORDS = {
  connecting: "Connecting",
  live: "Live",
  away: "Not live",
  ended: "Not live",
};

/** Says whether new rows appear by themselves. */
export function LiveMark() {
  const state = useLive((live) => live.state);
  return (
    <span className="inline-flex h-8 items-center gap-2 text-xs text-muted" role="status">
      <span
        aria-hidden="true"
        className={classes("size-2 rounded-full", state === "live" ? "bg-gain" : "bg-line-strong")}
      />
      {WORDS[state]}
    </span>
  );
}
