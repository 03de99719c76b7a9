import type { ReactNode } from "react";
import { classes } from "@/components/classes";

interface PageProps {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  wide?: boolean;
}

/** The frame of a page: its one heading, its actions, its sections. */
export function Page({ title, about, actions, children, wide }: PageProps) {
  return (
    <div
      className={classes(
        "mx-auto w-full animate-fade px-4 pt-5 pb-16 sm:px-6 lg:px-8",
        wide ? "max-w-[1600px]" : "max-w-[1280px]",
      )}
    >
      <header className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
          {about ? <p className="mt-0.5 max-w-prose text-sm text-muted">{about}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </header>
      <div className="flex flex-col gap-5">{children}</div>
    </div>
  );
}

interface SectionProps {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  className?: string;
}

/** One card of a page. `flush` lets a table touch its edges. */
export function Section({ title, about, actions, children, flush, className }: SectionProps) {
  return (
    <section className={classes("min-w-0 overflow-hidden card", className)}>
      <header
        className={classes(
          "flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-4 pt-3.5",
          flush ? "pb-3" : "pb-2",
        )}
      >
        <div className="min-w-0">
          <h2 className="text-sm font-semibold">{title}</h2>
          {about ? <p className="mt-0.5 text-xs text-muted">{about}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </header>
      <div className={flush ? "border-t" : "px-4 pb-4"}>{children}</div>
    </section>
  );
}

/** A small table of names and values. */
export function Facts({
  items,
}: {
  items: readonly (readonly [name: string, value: ReactNode])[];
}) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-1.5 text-sm">
      {items.map(([name, value]) => (
        <div className="contents" key={name}>
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
