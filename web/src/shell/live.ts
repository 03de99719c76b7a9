"use client";
/** What happens on the server shows at once: each event marks what it may have changed as old. */
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useMay } from "@/api/hooks";

const GATHERED_MILLISECONDS = 250;
/** Queries whose answers hold files, trials or definitions: no event changes them. */
const UNTOUCHED = new Set(["import-file", "health"]);

function refresh(client: QueryClient): void {
  void client.invalidateQueries({
    predicate: (query) => !UNTOUCHED.has(String(query.queryKey[0])),
    refetchType: "active",
  });
}

/** One stream per tab; the browser connects again by itself, and what was missed is asked anew. */
export function useLiveEvents(): void {
  const client = useQueryClient();
  const mayListen = useMay("developer:read");
  useEffect(() => {
    if (!mayListen) return;
    const stream = new EventSource("/api/v1/events");
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wasLost = false;
    const gather = () => {
      clearTimeout(timer);
      timer = setTimeout(() => refresh(client), GATHERED_MILLISECONDS);
    };
    stream.onmessage = gather;
    stream.onerror = () => {
      wasLost = true;
    };
    stream.onopen = () => {
      if (wasLost) gather();
      wasLost = false;
    };
    return () => {
      clearTimeout(timer);
      stream.close();
    };
  }, [client, mayListen]);
}
