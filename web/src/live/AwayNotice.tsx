"use client";
import { useEffect, useState } from "react";
import { StaleNotice } from "@/components/States";
import { formatMoment } from "@/figures/format";
import { useLive } from "@/live/useLiveEvents";

/** A restart takes a moment; only a longer absence is worth a word. */
const SHORT_ABSENCE_MILLISECONDS = 2500;

/** Says that the server is away, since when, and that the page goes on by itself. */
export function AwayNotice() {
  const { state, lastAnswerAt } = useLive();
  return state === "away" ? <SaidLater lastAnswerAt={lastAnswerAt} /> : null;
}

function SaidLater({ lastAnswerAt }: { lastAnswerAt: number | null }) {
  const [said, setSaid] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSaid(true), SHORT_ABSENCE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, []);
  if (!said) return null;
  return (
    <div className="px-4 pt-3 sm:px-6 lg:px-8">
      <StaleNotice>
        {lastAnswerAt === null
          ? "Live updates are away. "
          : `Bursar does not answer. What you see is from ${formatMoment(new Date(lastAnswerAt).toISOString())}. `}
        The page goes on by itself once the server is back.
      </StaleNotice>
    </div>
  );
}
