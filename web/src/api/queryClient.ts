/** Server state: what is fresh, when to ask again, and what happens when a session has ended. */
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/client";
import { notify } from "@/state/toasts";
import { signInAddress } from "@/shell/returning";

const FRESH_MILLISECONDS = 30_000;
const RETRIES_MAX = 2;

function leaveWhenSignedOut(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== 401) return;
  const { pathname, search } = window.location;
  if (pathname.startsWith("/sign-in") || pathname.startsWith("/register") || pathname === "/")
    return;
  window.location.replace(signInAddress(pathname + search));
}

export function isWorthRetrying(failures: number, error: unknown): boolean {
  if (failures >= RETRIES_MAX || !(error instanceof ApiError)) return false;
  return error.isUnreachable || error.status === 503 || error.status === 429;
}

export function newQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _context, mutation) => {
        leaveWhenSignedOut(error);
        if (mutation.meta?.quiet === true || !(error instanceof ApiError)) return;
        notify({ tone: "bad", title: error.message, text: error.hint });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: FRESH_MILLISECONDS,
        gcTime: 10 * 60_000,
        retry: isWorthRetrying,
        retryDelay: (attempt) => Math.min(1000 * 2 ** attempt, 8000),
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}
