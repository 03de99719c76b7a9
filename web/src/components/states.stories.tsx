import type { Meta } from "@storybook/react-vite";
import type { UseQueryResult } from "@tanstack/react-query";
import { ApiError } from "@/api/client";
import { Button } from "@/components/Button";
import { Facts, Page, Section } from "@/components/Page";
import {
  EmptyState,
  ErrorState,
  ForbiddenState,
  Loaded,
  Skeleton,
  SkeletonRows,
  StaleNotice,
} from "@/components/States";
import { Toaster } from "@/components/Toaster";
import { notify } from "@/state/toasts";

export default { title: "States" } satisfies Meta;

const refused = new ApiError(0, {
  code: "unreachable",
  message: "Bursar does not answer",
  hint: "Nothing was changed. The page asks again by itself once the server is back.",
});

export const Empty = () => (
  <Section flush title="Accounts">
    <EmptyState
      action={<Button tone="primary">Import a statement</Button>}
      icon="accounts"
      title="There is no account yet"
    >
      An import opens the accounts its file names.
    </EmptyState>
  </Section>
);

export const Loading = () => (
  <Section flush title="Transactions">
    <SkeletonRows />
    <Skeleton className="m-4 h-24" />
  </Section>
);

export const Failed = () => (
  <Section flush title="Positions">
    <ErrorState error={refused} onRetry={() => undefined} />
  </Section>
);

export const Forbidden = () => (
  <Section flush title="People">
    <ForbiddenState />
  </Section>
);

export const Stale = () => (
  <StaleNotice onRetry={() => undefined}>
    Old price: AAPL, MSFT. Exchange rate missing or old: EUR.
  </StaleNotice>
);

/** A view whose server went away keeps its last answer and says so. */
export const LastKnown = () => (
  <Section flush title="Net worth">
    <Loaded
      query={
        {
          data: "$115,503.21",
          isError: true,
          error: refused,
          refetch: () => undefined,
        } as unknown as UseQueryResult<string>
      }
    >
      {(value) => <p className="p-4 text-xl figures">{value}</p>}
    </Loaded>
  </Section>
);

export const PageFrame = () => (
  <Page about="As of Dec 28, 2022" actions={<Button>Export</Button>} title="Portfolio">
    <Section about="Where the money is" title="About">
      <Facts
        items={[
          ["Kind", "Brokerage"],
          ["Cost method", "FIFO"],
        ]}
      />
    </Section>
  </Page>
);

export const Toasts = () => (
  <>
    <div className="flex gap-3">
      <Button onClick={() => notify({ tone: "good", title: "The account is open" })}>Good</Button>
      <Button
        onClick={() =>
          notify({ tone: "bad", title: "This file is refused", text: "Line 12 has no date." })
        }
      >
        Bad
      </Button>
    </div>
    <Toaster />
  </>
);
