/** Questions about the journal, its seal, and the proof of one row. */
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "@/api/client";
import type { operations } from "@/api/schema";
import { checkProof } from "@/app/(product)/activity/merkle";

export type JournalRow = Schemas["JournalRow"];
export type JournalQuestion = Omit<
  NonNullable<operations["audit.search_journal"]["parameters"]["query"]>,
  "cursor" | "limit"
>;

const PAGE_ROWS = 100;
/** A row is sealed within a second; until then its place in the log is asked for again. */
const SEALING_MILLISECONDS = 1500;

export function useJournal(question: JournalQuestion) {
  return useInfiniteQuery({
    queryKey: ["audit", "journal", question],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/audit/journal", {
          params: { query: { ...question, limit: PAGE_ROWS, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous) => previous,
    refetchInterval: (query) =>
      query.state.status === "success" &&
      query.state.data?.pages[0]?.items.some((row) => row.leaf_index === null)
        ? SEALING_MILLISECONDS
        : false,
  });
}

/** Checkpoints come oldest first, so the newest stands on the last page: a few reads at most. */
const PAGES_MAX = 20;

async function newestCheckpoint(): Promise<{
  newest: Schemas["SignedCheckpoint"] | null;
  count: number;
}> {
  let cursor: string | null = null;
  let newest: Schemas["SignedCheckpoint"] | null = null;
  let count = 0;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const found: Schemas["Page_SignedCheckpoint_"] = await answer(
      api.GET("/api/v1/audit/checkpoints", { params: { query: { limit: 500, cursor } } }),
    );
    count += found.items.length;
    newest = found.items.at(-1) ?? newest;
    cursor = found.next_cursor;
    if (cursor === null) break;
  }
  return { newest, count };
}

export function useCheckpoints() {
  return useQuery({ queryKey: ["audit", "checkpoints"], queryFn: newestCheckpoint });
}

/** Check the whole sealed log, on the server, when somebody asks. */
export function useSealCheck() {
  return useMutation({
    meta: { quiet: true },
    mutationFn: () => answer(api.GET("/api/v1/audit/check")),
  });
}

/** Fetch the proof of one row and check it here, in the browser. */
export function useProof() {
  return useMutation({
    meta: { quiet: true },
    mutationFn: async (seq: number) => {
      const [proof, keys] = await Promise.all([
        answer(api.GET("/api/v1/audit/proofs/inclusion/{seq}", { params: { path: { seq } } })),
        answer(api.GET("/api/v1/audit/keys")),
      ]);
      const key = keys.items.find((one) => one.key_id === proof.checkpoint.key_id);
      return { proof, verdict: await checkProof(proof, key?.public_key) };
    },
  });
}
