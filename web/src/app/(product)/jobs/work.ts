/** Questions about work outside, schedules and runs. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "@/api/client";

export type Effect = Schemas["Effect"];
export type EffectState = Schemas["EffectState"];
export type Schedule = Schemas["Schedule"];
export type JobRun = Schemas["JobRun"];

const PAGE_ROWS = 50;
/** What workers do leaves no event, so it is looked at again: quickly while something moves. */
const MOVING_MILLISECONDS = 1500;
const RESTING_MILLISECONDS = 15_000;

export function useEffects(states: readonly EffectState[]) {
  return useInfiniteQuery({
    queryKey: ["developer", "effects", states],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/effects", {
          params: { query: { states: [...states], limit: PAGE_ROWS, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous) => previous,
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some((page) =>
        page.items.some((one) => one.state === "running" || one.state === "queued"),
      )
        ? MOVING_MILLISECONDS
        : RESTING_MILLISECONDS,
  });
}

export function useSchedules() {
  return useQuery({
    queryKey: ["developer", "schedules"],
    queryFn: () => answer(api.GET("/api/v1/schedules")),
    refetchInterval: RESTING_MILLISECONDS,
  });
}

export function useRuns(job: string) {
  return useInfiniteQuery({
    queryKey: ["developer", "runs", job],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/job-runs", {
          params: { query: { ...(job ? { job } : {}), limit: PAGE_ROWS, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous) => previous,
    refetchInterval: RESTING_MILLISECONDS,
  });
}

const TONES: Readonly<Record<string, "accent" | "warn" | "bad">> = {
  queued: "accent",
  running: "accent",
  uncertain: "warn",
  dead: "bad",
  failed: "bad",
  lost: "warn",
};

export function toneOfWork(state: string) {
  return TONES[state] ?? "plain";
}

const WORDS: Readonly<Record<string, string>> = {
  queued: "Waiting",
  running: "Running",
  done: "Done",
  dead: "Given up",
  uncertain: "Needs a look",
  dropped: "Dropped",
  failed: "Failed",
  lost: "Lost",
};

export function workInWords(state: string): string {
  return WORDS[state] ?? state;
}

/** A job's name for people: PaymentExpiryJob is Payment expiry. */
export function jobInWords(job: string): string {
  const words = job.replace(/Job$/, "").replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ");
  return words.charAt(0) + words.slice(1).toLowerCase();
}

export function intervalInWords(seconds: number): string {
  const units = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
  ] as const;
  for (const [size, name] of units) {
    if (seconds % size === 0)
      return seconds === size ? `Every ${name}` : `Every ${seconds / size} ${name}s`;
  }
  return `Every ${seconds} seconds`;
}
