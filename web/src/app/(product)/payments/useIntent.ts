import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { ApiError, newIdempotencyKey } from "@/api/client";

/** How to send it: tried only, or for good, with the key of this intent. */
export interface Sending {
  dry: boolean;
  headers: { "Idempotency-Key": string };
}

const MAY_HAVE_HAPPENED = new Set(["idempotency_in_flight", "idempotency_key_reused"]);

/** Tell whether the server has said no for good, so that a corrected attempt is a new intent. */
export function isSettledRefusal(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 429 &&
    !MAY_HAVE_HAPPENED.has(error.code)
  );
}

/**
 * One intent to move money: tried first, then carried out under one key. The key stays the same
 * while the outcome is unknown (no answer, an error of the server), so that asking again can never
 * pay twice; only a refusal, which is an outcome, begins a new intent.
 */
export function useIntent<Body, Result>(send: (body: Body, how: Sending) => Promise<Result>) {
  const key = useRef<string | null>(null);
  const client = useQueryClient();
  function headers() {
    key.current ??= newIdempotencyKey();
    return { "Idempotency-Key": key.current };
  }
  const preview = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Body) => send(body, { dry: true, headers: headers() }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["ledger", "accounts"] }),
  });
  const commit = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Body) => send(body, { dry: false, headers: headers() }),
    onError: (error) => {
      if (isSettledRefusal(error)) key.current = null;
    },
    onSuccess: () => void client.invalidateQueries(),
  });
  return { preview, commit };
}
