"use client";
import { Suspense } from "react";
import { useMay } from "@/api/hooks";
import { EffectsCard } from "@/app/(product)/jobs/EffectsCard";
import { RunsCard } from "@/app/(product)/jobs/RunsCard";
import { SchedulesCard } from "@/app/(product)/jobs/SchedulesCard";
import { Page } from "@/components/Page";
import { ForbiddenState, SkeletonRows } from "@/components/States";

export function Jobs() {
  const may = useMay("developer:read");
  return (
    <Page
      about="Work that Bursar does outside and by itself. It goes on when you leave this page."
      title="Jobs"
      wide
    >
      {may ? (
        <Suspense fallback={<SkeletonRows />}>
          <EffectsCard />
          <SchedulesCard />
          <RunsCard />
        </Suspense>
      ) : (
        <section className="card">
          <ForbiddenState />
        </section>
      )}
    </Page>
  );
}
