/** Server state by subject: one hook for each question that more than one view asks. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "@/api/client";
import type { operations } from "@/api/schema";

type QueryOf<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]>;

export type PerformanceQuestion = QueryOf<"portfolio.performance">;
export type TransactionsQuestion = Omit<QueryOf<"banking.search_transactions">, "cursor">;
export type CostMethod = Schemas["CostMethod"];

const LONG_FRESH_MILLISECONDS = 5 * 60_000;
const PAGE_ROWS = 500;

export function useMe() {
  return useQuery({
    queryKey: ["identity", "me"],
    queryFn: () => answer(api.GET("/api/v1/users/me")),
    staleTime: LONG_FRESH_MILLISECONDS,
  });
}

export function useWorkspace() {
  return useQuery({
    queryKey: ["identity", "workspace"],
    queryFn: () => answer(api.GET("/api/v1/workspace")),
    staleTime: LONG_FRESH_MILLISECONDS,
  });
}

export function useSummary(scope: { account?: string[] } = {}) {
  return useQuery({
    queryKey: ["portfolio", "summary", scope],
    queryFn: () => answer(api.GET("/api/v1/portfolio/summary", { params: { query: scope } })),
  });
}

export type Sampling = "day" | "week" | "month";

export function useHistory(question: { days?: number; sampling?: Sampling; account?: string[] }) {
  return useQuery({
    queryKey: ["portfolio", "history", question],
    queryFn: () => answer(api.GET("/api/v1/portfolio/history", { params: { query: question } })),
    placeholderData: (previous) => previous,
  });
}

export function usePerformance(question: PerformanceQuestion) {
  return useQuery({
    queryKey: ["portfolio", "performance", question],
    queryFn: () =>
      answer(api.GET("/api/v1/portfolio/performance", { params: { query: question } })),
    placeholderData: (previous) => previous,
  });
}

export function usePositions(question: {
  lots?: boolean;
  method?: CostMethod;
  account?: string[];
  instrument?: string;
}) {
  return useQuery({
    queryKey: ["portfolio", "positions", question],
    queryFn: () =>
      answer(
        api.GET("/api/v1/portfolio/positions", {
          params: { query: { ...question, limit: PAGE_ROWS } },
        }),
      ),
    placeholderData: (previous) => previous,
  });
}

export function useAllocation(by: string) {
  return useQuery({
    queryKey: ["portfolio", "allocation", by],
    queryFn: () => answer(api.GET("/api/v1/portfolio/allocation", { params: { query: { by } } })),
    placeholderData: (previous) => previous,
  });
}

/** Drift from the stored targets; null while no policy is stored. */
export function useDrift(assets = false) {
  const targets = useTargets();
  const policy = targets.data?.items[0]?.name;
  return useQuery({
    queryKey: ["portfolio", "drift", policy, assets],
    enabled: policy !== undefined,
    queryFn: () =>
      answer(
        api.GET("/api/v1/portfolio/drift", {
          params: { query: { policy: policy ?? null, assets } },
        }),
      ),
  });
}

export function useTargets() {
  return useQuery({
    queryKey: ["portfolio", "targets"],
    queryFn: () => answer(api.GET("/api/v1/portfolio/targets", { params: { query: {} } })),
  });
}

export function useDefinitions() {
  return useQuery({
    queryKey: ["portfolio", "definitions"],
    queryFn: () => answer(api.GET("/api/v1/portfolio/definitions", { params: { query: {} } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useAccounts() {
  return useQuery({
    queryKey: ["ledger", "accounts"],
    queryFn: () =>
      answer(
        api.GET("/api/v1/accounts", { params: { query: { limit: PAGE_ROWS, with_closed: true } } }),
      ),
  });
}

export function useInstruments() {
  return useQuery({
    queryKey: ["market", "instruments"],
    queryFn: () =>
      answer(api.GET("/api/v1/instruments", { params: { query: { limit: PAGE_ROWS } } })),
    staleTime: LONG_FRESH_MILLISECONDS,
  });
}

/** Transactions in pages of 500, fetched on as the reader scrolls. */
export function useTransactions(question: TransactionsQuestion, rowsPerPage = PAGE_ROWS) {
  return useInfiniteQuery({
    queryKey: ["banking", "transactions", question, rowsPerPage],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/transactions", {
          params: { query: { ...question, limit: rowsPerPage, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous) => previous,
  });
}

/** Tell whether scopes include one; a package's write includes its read, as on the server. */
export function covers(scopes: readonly string[], wanted: string): boolean {
  if (scopes.includes(wanted)) return true;
  return wanted.endsWith(":read") && scopes.includes(wanted.replace(/read$/, "write"));
}

export function useMay(scope: string): boolean {
  const me = useMe();
  return covers(me.data?.scopes ?? [], scope);
}
