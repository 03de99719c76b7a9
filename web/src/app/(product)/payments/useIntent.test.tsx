import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, it, vi } from "vitest";
import { ApiError } from "@/api/client";
import { isSettledRefusal, useIntent, type Sending } from "@/app/(product)/payments/useIntent";

const client = new QueryClient({ defaultOptions: { mutations: { retry: false } } });

function around({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

function refusal(status: number, code: string) {
  return new ApiError(status, { code, message: code });
}

async function keysOfTwoAttempts(error: ApiError): Promise<string[]> {
  const send = vi.fn<(body: string, how: Sending) => Promise<string>>().mockRejectedValue(error);
  const { result } = renderHook(() => useIntent(send), { wrapper: around });
  for (let attempt = 0; attempt < 2; attempt += 1)
    await act(() => result.current.commit.mutateAsync("pay").catch(() => undefined));
  return send.mock.calls.map(([, how]) => how.headers["Idempotency-Key"]);
}

it("keeps its key while the outcome is unknown, so that asking again pays once", async () => {
  for (const error of [
    refusal(0, "unreachable"),
    refusal(503, "unavailable"),
    refusal(409, "idempotency_in_flight"),
    refusal(422, "idempotency_key_reused"),
  ]) {
    const [first, second] = await keysOfTwoAttempts(error);
    expect(second).toBe(first);
  }
});

it("begins a new intent after a refusal, whose answer the old key would only repeat", async () => {
  const [first, second] = await keysOfTwoAttempts(refusal(409, "insufficient_funds"));
  expect(second).not.toBe(first);
});

it("tries before it carries out", async () => {
  const send = vi.fn((body: string, { dry }: Sending) => Promise.resolve(`${body} ${dry}`));
  const { result } = renderHook(() => useIntent(send), { wrapper: around });
  await act(() => result.current.preview.mutateAsync("pay"));
  await act(() => result.current.commit.mutateAsync("pay"));
  expect(send.mock.calls.map(([, how]) => how.dry)).toEqual([true, false]);
});

it("takes only an answer of the server for a refusal", () => {
  expect(isSettledRefusal(new Error("bug"))).toBe(false);
  expect(isSettledRefusal(refusal(429, "rate_limited"))).toBe(false);
  expect(isSettledRefusal(refusal(403, "forbidden"))).toBe(true);
});
