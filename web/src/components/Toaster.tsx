"use client";
import { useEffect } from "react";
import { classes } from "@/components/classes";
import { Icon } from "@/components/Icon";
import { useToasts, type Toast } from "@/state/toasts";

const SHOWN_MILLISECONDS = 6000;
const SHOWN_BAD_MILLISECONDS = 12_000;

function ToastCard({ toast }: { toast: Toast }) {
  const drop = useToasts((state) => state.drop);
  useEffect(() => {
    const timer = setTimeout(
      () => drop(toast.id),
      toast.tone === "bad" ? SHOWN_BAD_MILLISECONDS : SHOWN_MILLISECONDS,
    );
    return () => clearTimeout(timer);
  }, [toast, drop]);
  return (
    <li className="pointer-events-auto flex animate-rise items-start gap-2.5 rounded-lg border bg-raised p-3 shadow-float">
      <Icon
        className={classes(
          "mt-0.5",
          toast.tone === "bad" ? "text-loss" : toast.tone === "good" ? "text-gain" : "text-muted",
        )}
        name={toast.tone === "bad" ? "warning" : toast.tone === "good" ? "check" : "info"}
      />
      <div className="min-w-0 flex-1 text-sm">
        <p className="font-medium">{toast.title}</p>
        {toast.text ? <p className="text-muted">{toast.text}</p> : null}
        {toast.action ? (
          <button
            className="mt-1 font-medium text-accent-ink underline underline-offset-2"
            onClick={() => {
              toast.action?.run();
              drop(toast.id);
            }}
            type="button"
          >
            {toast.action.label}
          </button>
        ) : null}
      </div>
      <button
        aria-label="Dismiss"
        className="text-muted hover:text-ink"
        onClick={() => drop(toast.id)}
        type="button"
      >
        <Icon name="close" size={14} />
      </button>
    </li>
  );
}

export function Toaster() {
  const items = useToasts((state) => state.items);
  return (
    <div
      aria-live="polite"
      className="pointer-events-none fixed right-4 bottom-4 z-60 w-[min(24rem,calc(100vw-2rem))]"
      role="region"
      aria-label="Notices"
    >
      <ol className="flex flex-col gap-2">
        {items.map((toast) => (
          <ToastCard key={toast.id} toast={toast} />
        ))}
      </ol>
    </div>
  );
}
