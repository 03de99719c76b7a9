"use client";
import dynamic from "next/dynamic";
import { usePathname } from "next/navigation";
import { useEffect, useState, type ReactNode } from "react";
import { covers, useMe, useWorkspace } from "@/api/hooks";
import { ErrorState, Skeleton, StaleNotice } from "@/components/States";
import { AwayNotice } from "@/live/AwayNotice";
import { useLiveEvents } from "@/live/useLiveEvents";
import { Navigation } from "@/shell/Navigation";
import { TopBar } from "@/shell/TopBar";
import { useShortcuts } from "@/shell/shortcuts";
import { useExplained } from "@/state/explained";

// Opened by the reader, so loaded then: neither is part of the first view.
const ExplainSheet = dynamic(
  () => import("@/figures/ExplainSheet").then((module) => module.ExplainSheet),
  { ssr: false },
);
const CommandPalette = dynamic(
  () => import("@/shell/CommandPalette").then((module) => module.CommandPalette),
  { ssr: false },
);

/** The frame around every page behind the sign-in. */
export function Shell({ children }: { children: ReactNode }) {
  const me = useMe();
  // Fetched once the page stands, so that the palette takes the first letter typed.
  useEffect(() => void import("@/shell/CommandPalette"), []);
  const workspace = useWorkspace();
  useLiveEvents(covers(me.data?.scopes ?? [], "developer:read"));
  const [palette, setPalette] = useState(false);
  // The drawer belongs to the page it was opened on: going elsewhere closes it.
  const [drawerAt, setDrawerAt] = useState<string | null>(null);
  const explaining = useExplained((state) => state.trail.length > 0);
  const here = usePathname();
  useShortcuts(
    () => setPalette(true),
    () => setDrawerAt(null),
  );
  const drawer = drawerAt === here;

  return (
    <div className="flex min-h-dvh">
      <a
        className="sr-only z-70 rounded bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
        href="#page"
      >
        Skip to the page
      </a>
      <Navigation
        name={workspace.data?.name}
        onClose={() => setDrawerAt(null)}
        open={drawer}
        scopes={me.data?.scopes ?? []}
      />
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar me={me.data} onMenu={() => setDrawerAt(here)} onSearch={() => setPalette(true)} />
        <main className="min-w-0 flex-1" id="page" tabIndex={-1}>
          <AwayNotice />
          {me.isError && me.data ? (
            <div className="px-4 pt-3 sm:px-6 lg:px-8">
              <StaleNotice onRetry={() => void me.refetch()}>
                {me.error.message}. What you see is the last known state.
              </StaleNotice>
            </div>
          ) : null}
          {me.data ? (
            children
          ) : me.isError ? (
            <ErrorState error={me.error} onRetry={() => void me.refetch()} />
          ) : (
            <PageSkeleton />
          )}
        </main>
      </div>
      {explaining ? <ExplainSheet /> : null}
      {palette ? (
        <CommandPalette onClose={() => setPalette(false)} scopes={me.data?.scopes ?? []} />
      ) : null}
    </div>
  );
}

function PageSkeleton() {
  return (
    <div
      aria-busy="true"
      aria-label="Loading"
      className="mx-auto flex max-w-[1280px] flex-col gap-5 px-4 pt-5 sm:px-6 lg:px-8"
      role="status"
    >
      <Skeleton className="h-6 w-40" />
      <Skeleton className="h-72 w-full" />
      <Skeleton className="h-48 w-full" />
    </div>
  );
}
