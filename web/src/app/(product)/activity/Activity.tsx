"use client";
import { Suspense, useDeferredValue, useState } from "react";
import { useMay } from "@/api/hooks";
import type { JournalQuestion } from "@/app/(product)/activity/journal";
import { JournalTable } from "@/app/(product)/activity/JournalTable";
import { LiveMark } from "@/app/(product)/activity/LiveMark";
import { Seal } from "@/app/(product)/activity/Seal";
import { Button } from "@/components/Button";
import { SelectField, TextField } from "@/components/Field";
import { Page } from "@/components/Page";
import { ForbiddenState, SkeletonRows } from "@/components/States";

interface Filter {
  operation: string;
  object: string;
  outcome: string;
  from: string;
  to: string;
}

const EVERYTHING: Filter = { operation: "", object: "", outcome: "", from: "", to: "" };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const OPERATION = /^[a-z_]+\.[a-z_]+$/;

/** Half a name finds nothing on the server, so it is not asked for before it is whole. */
function questionOf(filter: Filter): JournalQuestion {
  const [operation, object] = [filter.operation.trim(), filter.object.trim()];
  return {
    ...(OPERATION.test(operation) ? { operation } : {}),
    ...(UUID.test(object) ? { object_id: object } : {}),
    ...(filter.outcome ? { outcome: filter.outcome } : {}),
    ...(filter.from ? { from_at: `${filter.from}T00:00:00Z` } : {}),
    ...(filter.to ? { to_at: `${filter.to}T23:59:59.999999Z` } : {}),
  };
}

export function Activity() {
  const may = useMay("audit:read");
  return (
    <Page
      about="Everything that was done, refused, or read by an agent, sealed so that no change stays unnoticed."
      actions={<LiveMark />}
      title="Activity"
      wide
    >
      {may ? (
        <>
          <Seal />
          <Suspense fallback={<SkeletonRows rows={12} />}>
            <Journal />
          </Suspense>
        </>
      ) : (
        <section className="card">
          <ForbiddenState />
        </section>
      )}
    </Page>
  );
}

function Journal() {
  const [filter, setFilter] = useState(EVERYTHING);
  const shown = useDeferredValue(filter);
  const set = (part: Partial<Filter>) => setFilter({ ...filter, ...part });
  const filtered = JSON.stringify(filter) !== JSON.stringify(EVERYTHING);
  const { operation, object } = filter;
  return (
    <section aria-label="Journal" className="min-w-0 overflow-hidden card">
      <div
        className="grid grid-cols-2 items-start gap-2.5 border-b p-3 md:grid-cols-[repeat(2,minmax(10rem,1fr))_repeat(3,minmax(7rem,auto))_auto]"
        role="search"
      >
        <TextField
          className="col-span-2 md:col-span-1"
          data-page-search
          error={
            operation && !OPERATION.test(operation.trim())
              ? "Such as payments.process_refund"
              : undefined
          }
          hideLabel
          label="Operation"
          onChange={(event) => set({ operation: event.target.value })}
          placeholder="Operation"
          spellCheck={false}
          type="search"
          value={operation}
        />
        <TextField
          className="col-span-2 md:col-span-1"
          error={object && !UUID.test(object.trim()) ? "The whole id of an object" : undefined}
          hideLabel
          label="Id of an object"
          onChange={(event) => set({ object: event.target.value })}
          placeholder="Id of a payment, account, ..."
          spellCheck={false}
          type="search"
          value={object}
        />
        <SelectField
          className="col-span-2 md:col-span-1"
          hideLabel
          label="Outcome"
          onChange={(event) => set({ outcome: event.target.value })}
          options={[
            ["", "All outcomes"],
            ["done", "Done"],
            ["refused", "Refused"],
            ["read", "Read by an agent"],
          ]}
          value={filter.outcome}
        />
        <TextField
          hideLabel
          label="From day"
          onChange={(event) => set({ from: event.target.value })}
          type="date"
          value={filter.from}
        />
        <TextField
          hideLabel
          label="To day"
          onChange={(event) => set({ to: event.target.value })}
          type="date"
          value={filter.to}
        />
        <Button
          className={filtered ? "" : "invisible max-md:hidden"}
          onClick={() => setFilter(EVERYTHING)}
          tone="quiet"
        >
          Clear
        </Button>
      </div>
      <JournalTable question={questionOf(shown)} />
    </section>
  );
}
