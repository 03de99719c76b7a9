"use client";
import Link from "next/link";
import { useAllocation, useDrift, useTargets } from "@/api/hooks";
import { WeightBars, type WeightRow } from "@/charts/WeightBars";
import { Section } from "@/components/Page";
import { Loaded, Skeleton } from "@/components/States";
import { Figure } from "@/figures/Figure";
import { inWords } from "@/figures/format";

/** Allocation by asset class; against the target weights where some are stored. */
export function AllocationCard() {
  const targets = useTargets();
  const stored = (targets.data?.items.length ?? 0) > 0;
  return (
    <Section
      actions={
        <Link
          className="text-xs font-medium text-accent-ink hover:underline"
          href={stored ? "/portfolio/allocation/" : "/settings/targets/"}
        >
          {stored ? "Details" : "Set targets"}
        </Link>
      }
      title={stored ? "Allocation against target" : "Allocation"}
    >
      {targets.isPending ? (
        <Skeleton className="h-24 w-full" />
      ) : stored ? (
        <AgainstTarget />
      ) : (
        <Plain />
      )}
    </Section>
  );
}

function AgainstTarget() {
  const drift = useDrift();
  return (
    <Loaded query={drift} skeleton={<Skeleton className="h-24 w-full" />}>
      {(data) => (
        <WeightBars
          rows={data.keys.map((row): WeightRow => ({
            key: row.key,
            name: inWords(row.name),
            weight: row.weight.value ?? "0",
            target: row.target,
            low: row.low,
            high: row.high,
            outside: row.over_threshold,
            detail: (
              <>
                <Figure figure={row.value} name={`Value of ${row.name}`} />
                <Figure digits={1} figure={row.weight} name={`Weight of ${row.name}`} />
              </>
            ),
          }))}
        />
      )}
    </Loaded>
  );
}

function Plain() {
  const allocation = useAllocation("asset_class");
  return (
    <Loaded query={allocation} skeleton={<Skeleton className="h-24 w-full" />}>
      {(data) => (
        <WeightBars
          rows={data.slices.map((slice) => ({
            key: slice.key,
            name: inWords(slice.name),
            weight: slice.weight.value ?? "0",
            detail: (
              <>
                <Figure figure={slice.value} name={`Value of ${slice.name}`} />
                <Figure digits={1} figure={slice.weight} name={`Weight of ${slice.name}`} />
              </>
            ),
          }))}
        />
      )}
    </Loaded>
  );
}
