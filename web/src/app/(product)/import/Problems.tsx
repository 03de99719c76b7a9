import type { Schemas } from "@/api/client";
import { Badge } from "@/components/Badge";
import { formatCount } from "@/figures/format";

export type Problem = Schemas["Problem"];

/** Refused rows and assumptions: which line, which field, why, and what to do. */
export function Problems({ problems, total }: { problems: readonly Problem[]; total: number }) {
  return (
    <div className="mt-3">
      <h3 className="mb-2 text-xs font-semibold">{`Refused rows and assumptions (${formatCount(total)})`}</h3>
      <ul className="divide-y rounded-md border text-sm">
        {problems.map((problem, index) => (
          <li
            className="flex items-start gap-3 px-3 py-2"
            key={`${problem.code}-${String(problem.line)}-${String(index)}`}
          >
            <span className="w-16 shrink-0 text-xs figures text-muted">
              {problem.line === null ? "File" : `Line ${problem.line}`}
            </span>
            <span className="min-w-0 flex-1">
              {problem.message}
              {problem.field ? (
                <code className="ml-2 font-mono text-xs text-muted">{problem.field}</code>
              ) : null}
              {problem.hint ? (
                <span className="block text-xs text-muted">{problem.hint}</span>
              ) : null}
            </span>
            <Badge tone={problem.severity === "error" ? "bad" : "plain"}>
              {problem.severity === "error" ? "Refused" : "Assumed"}
            </Badge>
          </li>
        ))}
      </ul>
    </div>
  );
}
