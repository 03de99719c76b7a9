/** The server's own state; /health is no operation, so it is not in the generated client. */
import { ApiError } from "@/api/client";

export interface ServerHealth {
  status: "healthy" | "degraded" | "unhealthy";
  version: string;
  checks: Record<string, { status: string; milliseconds?: number }>;
}

export async function readHealth(): Promise<ServerHealth> {
  // eslint-disable-next-line no-restricted-globals -- see above
  const response = await fetch("/health").catch(() => null);
  if (!response)
    throw new ApiError(0, {
      code: "unreachable",
      message: "Bursar does not answer",
      hint: "Nothing was changed.",
    });
  return (await response.json()) as ServerHealth;
}
