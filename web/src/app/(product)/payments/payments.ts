/** Questions about payments, and how their states are worded. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "@/api/client";
import { useAccounts } from "@/api/hooks";
import type { operations } from "@/api/schema";

export type PaymentRow = Schemas["PaymentRow"];
export type PaymentStatus = Schemas["PaymentStatus"];
export type PaymentDetailed = Schemas["PaymentDetail"];
export type PaymentsQuestion = Omit<
  NonNullable<operations["payments.list_payments"]["parameters"]["query"]>,
  "cursor" | "limit"
>;

const PAGE_ROWS = 100;

export function usePayments(question: PaymentsQuestion) {
  return useInfiniteQuery({
    queryKey: ["payments", "list", question],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/payments", {
          params: { query: { ...question, limit: PAGE_ROWS, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous) => previous,
  });
}

export function usePayment(id: string) {
  return useQuery({
    queryKey: ["payments", "detail", id],
    queryFn: () =>
      answer(api.GET("/api/v1/payments/{payment_id}", { params: { path: { payment_id: id } } })),
  });
}

/** What an account has to spend in a currency, as last known; null while nothing is known. */
export function useAvailable(): (accountId: string, currency: string) => string | null {
  const accounts = useAccounts();
  return (accountId, currency) => {
    const account = accounts.data?.items.find((one) => one.id === accountId);
    if (!account) return null;
    const held = account.balances.find((one) => one.kind === "fiat" && one.code === currency);
    return held ? (held.available ?? held.amount) : "0";
  };
}

/** Accounts one can pay from or into: open ones, those for daily payments first. */
export function useOpenAccounts(): readonly Schemas["AccountWithBalances"][] {
  const accounts = useAccounts();
  const rank = (kind: string) => (kind === "checking" ? 0 : 1);
  return (accounts.data?.items ?? [])
    .filter((one) => one.closed_at === null)
    .sort((a, b) => rank(a.kind) - rank(b.kind));
}

const WORDS: Readonly<Record<PaymentStatus, string>> = {
  created: "Created",
  requires_action: "Waits for the payer",
  processing: "In work",
  requires_capture: "On hold",
  partially_captured: "Partly captured",
  succeeded: "Paid",
  partially_refunded: "Partly refunded",
  refunded: "Refunded",
  reversed: "Reversed",
  canceled: "Released",
  expired: "Expired",
  failed: "Failed",
};

type Tone = "plain" | "accent" | "warn" | "bad";

const TONES: Readonly<Partial<Record<PaymentStatus, Tone>>> = {
  requires_action: "warn",
  requires_capture: "warn",
  partially_captured: "warn",
  succeeded: "accent",
  failed: "bad",
};

export const STATUSES = Object.keys(WORDS) as PaymentStatus[];

export function statusInWords(status: PaymentStatus): string {
  return WORDS[status];
}

export function toneOfStatus(status: PaymentStatus): Tone {
  return TONES[status] ?? "plain";
}

export function payeeOf(payment: PaymentRow): string {
  return payment.payee_account_name ?? payment.payee_name ?? "Somebody outside";
}
