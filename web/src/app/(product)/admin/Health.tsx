"use client";
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import { readHealth } from "@/api/health";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Facts, Section } from "@/components/Page";
import { Loaded, Skeleton } from "@/components/States";
import { formatCount, inWords } from "@/figures/format";

const ASK_AGAIN_MILLISECONDS = 10_000;

/** Whether every part answers, and whether the book's invariants hold. */
export function Health() {
  const health = useQuery({
    queryKey: ["health"],
    queryFn: readHealth,
    refetchInterval: ASK_AGAIN_MILLISECONDS,
  });
  const book = useQuery({
    queryKey: ["ledger", "verify"],
    enabled: false,
    queryFn: () => answer(api.GET("/api/v1/ledger/verify", {})),
  });
  return (
    <div className="grid items-start gap-5 lg:grid-cols-2">
      <Section title="System">
        <Loaded query={health} skeleton={<Skeleton className="h-20 w-full" />}>
          {(data) => (
            <Facts
              items={[
                [
                  "State",
                  <Badge key="s" tone={data.status === "healthy" ? "accent" : "bad"}>
                    {inWords(data.status)}
                  </Badge>,
                ],
                ["Version", data.version],
                ...Object.entries(data.checks).map(
                  ([name, check]) =>
                    [
                      inWords(name),
                      check.milliseconds === undefined
                        ? inWords(check.status)
                        : `${inWords(check.status)}, ${check.milliseconds} ms`,
                    ] as const,
                ),
              ]}
            />
          )}
        </Loaded>
      </Section>
      <Section
        about="Reads every entry: balances, transfers that sum to zero, lots."
        actions={
          <Button busy={book.isFetching} onClick={() => void book.refetch()}>
            Verify now
          </Button>
        }
        title="The book"
      >
        {book.data ? (
          <>
            <p className="mb-2 text-sm">
              {book.data.holds ? "Every invariant holds." : "Some invariants do not hold."}
            </p>
            <ul className="divide-y text-sm">
              {book.data.invariants.map((row) => (
                <li className="flex justify-between gap-4 py-1.5" key={row.id}>
                  <span className="text-muted">{row.name}</span>
                  <span className="figures">
                    {row.differences === 0 ? (
                      `${formatCount(row.checked)} checked`
                    ) : (
                      <Badge tone="bad">{`${formatCount(row.differences)} differ`}</Badge>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          </>
        ) : (
          <p className="text-sm text-muted">Not verified since this page was opened.</p>
        )}
      </Section>
    </div>
  );
}
