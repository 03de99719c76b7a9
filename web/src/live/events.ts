/**
 * One event stream from the server, kept open. The browser connects again by itself after a lost
 * connection; what it gives up (an answer that is no stream, as while the server starts) is opened
 * anew here, after the last event seen, so that nothing is left out.
 */
import type { Schemas } from "@/api/client";

type LiveEvent = Schemas["Event"];
export type LiveState = "connecting" | "live" | "away" | "ended";

interface Handlers {
  onEvent: (event: LiveEvent) => void;
  /** `resumed` tells that every event since the interruption follows. */
  onState: (state: LiveState, resumed: boolean) => void;
}

const ADDRESS = "/api/v1/events";
const WAIT_MILLISECONDS_FIRST = 1000;
const WAIT_MILLISECONDS_MAX = 10_000;
/** A hidden page gives its connection back: browsers allow few of them to one server. */
const HIDDEN_MILLISECONDS_MAX = 60_000;

/** Open the stream; return what closes it for good. */
export function followEvents({ onEvent, onState }: Handlers): () => void {
  let source: EventSource | null = null;
  let cursor = "";
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hiding: ReturnType<typeof setTimeout> | undefined;
  let over = false;

  function open() {
    source?.close();
    clearTimeout(timer);
    source = new EventSource(cursor ? `${ADDRESS}?cursor=${encodeURIComponent(cursor)}` : ADDRESS);
    source.onopen = () => {
      failures = 0;
      onState("live", cursor !== "");
    };
    source.onmessage = (message: MessageEvent<string>) => {
      cursor = message.lastEventId;
      onEvent(JSON.parse(message.data) as LiveEvent);
    };
    source.onerror = () => {
      onState("away", false);
      if (source?.readyState === EventSource.CLOSED) openLater();
    };
    source.addEventListener("end", (message: MessageEvent<string>) => {
      const { reason } = JSON.parse(message.data) as { reason: string };
      if (reason === "credential") {
        close();
        onState("ended", false);
      }
    });
  }

  function openLater() {
    clearTimeout(timer);
    const wait = Math.min(WAIT_MILLISECONDS_FIRST * 2 ** failures, WAIT_MILLISECONDS_MAX);
    failures += 1;
    timer = setTimeout(open, wait);
  }

  function seen() {
    clearTimeout(hiding);
    if (over) return;
    if (document.visibilityState === "visible") {
      if (!source) open();
      return;
    }
    hiding = setTimeout(() => {
      clearTimeout(timer);
      source?.close();
      source = null;
    }, HIDDEN_MILLISECONDS_MAX);
  }

  function close() {
    over = true;
    clearTimeout(timer);
    clearTimeout(hiding);
    source?.close();
    source = null;
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("online", open);
  }

  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", open);
  onState("connecting", false);
  open();
  return close;
}
