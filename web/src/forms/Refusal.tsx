import { ApiError } from "@/api/client";
import { Icon } from "@/components/Icon";

/** What the server refused, and what to do, inside the form that asked. */
export function Refusal({ error }: { error: Error }) {
  return (
    <p className="flex gap-2 rounded-md bg-loss-soft px-3 py-2 text-sm text-loss" role="alert">
      <Icon className="mt-0.5 shrink-0" name="warning" size={14} />
      <span>
        {error.message}. {error instanceof ApiError ? error.hint : null}
      </span>
    </p>
  );
}
