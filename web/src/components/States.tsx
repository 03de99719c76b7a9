/** What a view shows when it has nothing, nothing yet, a failure, old figures, or no right to look. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { Button } from "@/components/Button";
import { classes } from "@/components/classes";
import { Icon, type IconName } from "@/components/Icon";

/** A grey shape where something will be; the same size, so that nothing jumps. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <div
      aria-hidden="true"
      className={classes("animate-breathe rounded bg-sunken", className ?? "h-4 w-24")}
    />
  );
}

export function SkeletonRows({ rows = 6 }: { rows?: number }) {
  return (
    <div aria-busy="true" aria-label="Loading" className="divide-y" role="status">
      {Array.from({ length: rows }, (_, row) => (
        <div className="flex items-center gap-4 px-4 py-2.5" key={row}>
          <Skeleton className="h-3.5 w-40" />
          <Skeleton className="h-3.5 flex-1" />
          <Skeleton className="h-3.5 w-20" />
        </div>
      ))}
    </div>
  );
}

interface NoticeProps {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  role?: "alert" | "status";
}

function Notice({ icon, title, children, action, role }: NoticeProps) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-10 text-center" role={role}>
      <span className="flex size-9 items-center justify-center rounded-full bg-sunken text-muted">
        <Icon name={icon} />
      </span>
      <p className="text-sm font-medium">{title}</p>
      {children ? <div className="max-w-md text-sm text-balance text-muted">{children}</div> : null}
      {action ? <div className="mt-2 flex gap-2">{action}</div> : null}
    </div>
  );
}

export function EmptyState({
  title,
  children,
  action,
  icon = "file",
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  icon?: IconName;
}) {
  return (
    <Notice action={action} icon={icon} title={title}>
      {children}
    </Notice>
  );
}

export function ForbiddenState() {
  return (
    <Notice icon="lock" title="Your role does not include this">
      Nothing is wrong. An owner or admin of the workspace can give you another role under Admin.
    </Notice>
  );
}

export function ErrorState({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  if (error instanceof ApiError && error.status === 403) return <ForbiddenState />;
  const hint = error instanceof ApiError ? error.hint : undefined;
  return (
    <Notice
      action={onRetry ? <Button onClick={onRetry}>Try again</Button> : null}
      icon="warning"
      role="alert"
      title={error instanceof ApiError ? error.message : "This part of the page failed"}
    >
      {hint ?? "Nothing was changed."}
    </Notice>
  );
}

/** Says that what is shown is the last known answer, and why there is no newer one. */
export function StaleNotice({ children, onRetry }: { children: ReactNode; onRetry?: () => void }) {
  return (
    <div
      className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md bg-warn-soft px-3 py-2 text-xs text-warn"
      role="status"
    >
      <Icon name="clock" size={14} />
      <span className="min-w-0 flex-1">{children}</span>
      {onRetry ? (
        <button
          className="font-medium underline underline-offset-2"
          onClick={onRetry}
          type="button"
        >
          Try again
        </button>
      ) : null}
    </div>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}

/** Shows a query in whichever state it is; old data stays, marked as old, while the server is away. */
export function Loaded<T>({ query, skeleton, children }: LoadedProps<T>) {
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    if (query.isError) return <ErrorState error={query.error} onRetry={retry} />;
    return skeleton ?? <SkeletonRows />;
  }
  return (
    <>
      {query.isError ? (
        <div className="p-2">
          <StaleNotice onRetry={retry}>
            {query.error.message}. These are the last known figures.
          </StaleNotice>
        </div>
      ) : null}
      {children(query.data)}
    </>
  );
}
