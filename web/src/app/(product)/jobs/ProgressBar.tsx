import type { Effect } from "@/app/(product)/jobs/work";
import { formatCount } from "@/figures/format";

/** How far an effect is, where it says so. */
export function ProgressBar({ progress }: { progress: NonNullable<Effect["progress"]> }) {
  const { done, total, note } = progress;
  return (
    <span className="block min-w-32">
      {total === null ? null : (
        <progress
          aria-label={note}
          className="block h-1.5 w-full overflow-hidden rounded-full accent-(--accent)"
          max={total}
          value={done}
        />
      )}
      <span className="block truncate text-xs text-muted">
        {note} {formatCount(done)}
        {total === null ? "" : ` of ${formatCount(total)}`}
      </span>
    </span>
  );
}
