import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { create } from "zustand";
import { followEvents, type LiveState } from "@/live/events";
import { packagesTouched } from "@/live/touched";

interface Live {
  state: LiveState;
  /** When the server was last known to answer; null before the first answer. */
  lastAnswerAt: number | null;
}

/** How the stream of this tab stands, for whoever shows it. */
export const useLive = create<Live>(() => ({ state: "connecting", lastAnswerAt: null }));

/** Events come in bursts; the pages ask again once for all of them. */
const GATHER_MILLISECONDS = 120;

function askAgain(client: QueryClient, packages: ReadonlySet<string>): void {
  void client.invalidateQueries({
    predicate: ({ queryKey }) => packages.has(String(queryKey[0])),
  });
}

/**
 * Keep every page current: the one event stream of this tab marks as old what an event touches, and
 * what is in view is asked again. To be used once, by the frame around all pages.
 */
export function useLiveEvents(enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    const touched = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wasAway = false;
    const stop = followEvents({
      onEvent: (event) => {
        for (const name of packagesTouched(event.type)) touched.add(name);
        timer ??= setTimeout(() => {
          timer = undefined;
          askAgain(client, new Set(touched));
          touched.clear();
        }, GATHER_MILLISECONDS);
      },
      onState: (state, resumed) => {
        const now = Date.now();
        const before = useLive.getState();
        useLive.setState({
          state,
          lastAnswerAt:
            state === "live" || (state === "away" && before.state === "live")
              ? now
              : before.lastAnswerAt,
        });
        if (state === "away") wasAway = true;
        if (state === "ended") askAgain(client, new Set(["identity"]));
        if (state !== "live" || !wasAway) return;
        wasAway = false;
        // After the last event seen all others follow; without one nobody knows what was missed.
        void client.invalidateQueries(
          resumed ? { predicate: (query) => query.state.status === "error" } : {},
        );
      },
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [client, enabled]);
}
