import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, renderHook, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AwayNotice } from "@/live/AwayNotice";
import { packagesTouched } from "@/live/touched";
import { useLive, useLiveEvents } from "@/live/useLiveEvents";

class FakeSource {
  static readonly CLOSED = 2;
  static opened: FakeSource[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((message: { data: string; lastEventId: string }) => void) | null = null;
  listeners: Record<string, (message: { data: string }) => void> = {};
  constructor(readonly address: string) {
    FakeSource.opened.push(this);
  }
  addEventListener(name: string, listener: (message: { data: string }) => void) {
    this.listeners[name] = listener;
  }
  close() {
    this.readyState = FakeSource.CLOSED;
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  say(type: string, lastEventId: string) {
    this.onmessage?.({ data: JSON.stringify({ type }), lastEventId });
  }
  fail(readyState: 0 | 2) {
    this.readyState = readyState;
    this.onerror?.();
  }
}

let client: QueryClient;

function around({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

function isOld(...key: string[]): boolean | undefined {
  return client.getQueryState(key)?.isInvalidated;
}

function newest(): FakeSource {
  const source = FakeSource.opened.at(-1);
  if (!source) throw new Error("no stream was opened");
  return source;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeSource);
  FakeSource.opened = [];
  useLive.setState({ state: "connecting", lastAnswerAt: null });
  client = new QueryClient();
  for (const name of ["payments", "ledger", "market", "audit"]) client.setQueryData([name, "x"], 1);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("opens one stream, and none without the right to it", () => {
  renderHook(() => useLiveEvents(false), { wrapper: around });
  expect(FakeSource.opened).toHaveLength(0);
  const { unmount } = renderHook(() => useLiveEvents(true), { wrapper: around });
  expect(FakeSource.opened.map((source) => source.address)).toEqual(["/api/v1/events"]);
  unmount();
  expect(newest().readyState).toBe(FakeSource.CLOSED);
});

it("marks as old what an event touches, and nothing else", () => {
  renderHook(() => useLiveEvents(true), { wrapper: around });
  act(() => {
    newest().open();
    newest().say("payments.process_refund", "c1");
    vi.advanceTimersByTime(200);
  });
  expect(isOld("payments", "x")).toBe(true);
  expect(isOld("ledger", "x")).toBe(true);
  expect(isOld("audit", "x")).toBe(true);
  expect(isOld("market", "x")).toBe(false);
  expect(useLive.getState().state).toBe("live");
});

it("opens a given-up stream anew, later and later, after the last event seen", () => {
  renderHook(() => useLiveEvents(true), { wrapper: around });
  act(() => {
    newest().open();
    newest().say("market.refresh_prices", "c 7");
    newest().fail(2);
  });
  expect(useLive.getState().state).toBe("away");
  act(() => void vi.advanceTimersByTime(1000));
  expect(newest().address).toBe("/api/v1/events?cursor=c%207");
  act(() => newest().fail(2));
  act(() => void vi.advanceTimersByTime(1999));
  expect(FakeSource.opened).toHaveLength(2);
  act(() => void vi.advanceTimersByTime(1));
  expect(FakeSource.opened).toHaveLength(3);
  act(() => newest().open());
  expect(useLive.getState().state).toBe("live");
  expect(isOld("payments", "x")).toBe(false);
});

it("leaves a stream alone that the browser is connecting again", () => {
  renderHook(() => useLiveEvents(true), { wrapper: around });
  act(() => {
    newest().open();
    newest().fail(0);
    vi.advanceTimersByTime(30_000);
  });
  expect(FakeSource.opened).toHaveLength(1);
});

it("asks everything again when nobody knows what was missed", () => {
  renderHook(() => useLiveEvents(true), { wrapper: around });
  act(() => {
    newest().open();
    newest().fail(0);
    newest().open();
  });
  expect(isOld("market", "x")).toBe(true);
});

it("stops when the credential has ended", () => {
  renderHook(() => useLiveEvents(true), { wrapper: around });
  act(() => {
    newest().open();
    newest().listeners.end?.({ data: JSON.stringify({ reason: "credential" }) });
    vi.advanceTimersByTime(60_000);
  });
  expect(useLive.getState().state).toBe("ended");
  expect(FakeSource.opened).toHaveLength(1);
});

it("says that the server is away only when it stays away", () => {
  render(<AwayNotice />);
  act(() => useLive.setState({ state: "away", lastAnswerAt: Date.now() }));
  act(() => void vi.advanceTimersByTime(2000));
  expect(screen.queryByRole("status")).toBeNull();
  act(() => void vi.advanceTimersByTime(1000));
  expect(screen.getByRole("status")).toHaveTextContent(/Bursar does not answer. What you see is/);
  act(() => useLive.setState({ state: "live" }));
  expect(screen.queryByRole("status")).toBeNull();
});

it("knows who reads whom", () => {
  expect(packagesTouched("payments.initiate_payment")).toEqual([
    "payments",
    "ledger",
    "banking",
    "portfolio",
    "audit",
  ]);
  expect(packagesTouched("unknown")).toEqual(["unknown", "audit"]);
});
