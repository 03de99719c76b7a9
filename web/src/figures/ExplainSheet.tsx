"use client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { Facts } from "@/components/Page";
import { Sheet } from "@/components/Sheet";
import { ErrorState, Skeleton, StaleNotice } from "@/components/States";
import { Figure, writeFigure } from "@/figures/Figure";
import { formatCount, formatDay, formatMoney, formatQuantity, inWords } from "@/figures/format";
import { useExplained } from "@/state/explained";

type Explanation = Schemas["Explanation"];
type Term = Schemas["TermView"];

const TERMS_PER_PAGE = 100;

function useExplanation(figureId: string | undefined) {
  return useInfiniteQuery({
    queryKey: ["portfolio", "explain", figureId],
    enabled: figureId !== undefined,
    initialPageParam: 0,
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/portfolio/figures/{figure_id}", {
          params: {
            path: { figure_id: figureId ?? "" },
            query: { limit: TERMS_PER_PAGE, offset: pageParam },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_offset,
  });
}

/** The side sheet behind every figure: its formula, its parts, the prices and rates, and the sum done again. */
export function ExplainSheet() {
  const { trail, back, close } = useExplained();
  const figureId = trail.at(-1);
  const query = useExplanation(figureId);
  const first = query.data?.pages[0];
  const terms = query.data?.pages.flatMap((page) => page.terms) ?? [];
  return (
    <Sheet
      about="Where this figure comes from, and the value computed again from what is listed."
      before={
        trail.length > 1 ? (
          <Button aria-label="Back to the figure before" onClick={back} size="small" tone="quiet">
            <Icon name="back" size={14} />
          </Button>
        ) : null
      }
      onClose={close}
      open={figureId !== undefined}
      title={first?.title ?? "Explanation"}
    >
      {query.isError && !first ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : null}
      {!first && !query.isError ? <ExplanationSkeleton /> : null}
      {first ? (
        <>
          <Head explanation={first} />
          <Terms explanation={first} terms={terms} />
          {query.hasNextPage ? (
            <Button
              busy={query.isFetchingNextPage}
              className="mt-3 w-full"
              onClick={() => void query.fetchNextPage()}
            >
              Show more of {formatCount(first.terms_total)}
            </Button>
          ) : null}
          <Parts explanation={first} />
          <Origin explanation={first} />
        </>
      ) : null}
    </Sheet>
  );
}

function ExplanationSkeleton() {
  return (
    <div aria-busy="true" className="flex flex-col gap-3" role="status" aria-label="Loading">
      <Skeleton className="h-8 w-48" />
      <Skeleton className="h-14 w-full" />
      <Skeleton className="h-40 w-full" />
    </div>
  );
}

function Head({ explanation }: { explanation: Explanation }) {
  const { figure, recomputed } = explanation;
  const text = writeFigure(figure);
  const agrees =
    recomputed !== null && figure.value !== null && Number(recomputed) === Number(figure.value);
  return (
    <div className="mb-5">
      <p className="text-2xl font-semibold tracking-tight figures">{text ?? "\u2014"}</p>
      {text === null ? <p className="mt-1 text-sm text-muted">{figure.reason_text}</p> : null}
      <p className="mt-3 rounded-md border bg-sunken px-3 py-2 font-mono text-xs leading-relaxed break-words">
        {explanation.formula}
      </p>
      {agrees ? (
        <p className="mt-2 flex items-center gap-1.5 text-xs text-gain">
          <Icon name="check" size={14} />
          Computed again from what is listed: {writeFigure({ ...figure, value: recomputed })}
        </p>
      ) : null}
      {explanation.completeness.complete ? null : (
        <div className="mt-3">
          <StaleNotice>Some of what it needs is missing or old; see below.</StaleNotice>
        </div>
      )}
    </div>
  );
}

function factors(term: Term): string {
  const parts: string[] = [];
  if (term.quantity !== null) parts.push(formatQuantity(term.quantity));
  if (term.price)
    parts.push(
      `${formatQuantity(term.price.price)} ${term.currency} (${term.price.source}, ${formatDay(term.price.day)})`,
    );
  if (term.amount !== null) parts.push(formatMoney(term.amount, term.currency));
  if (term.rate && term.rate.base !== term.rate.quote)
    parts.push(`${term.rate.rate} ${term.rate.quote}/${term.rate.base}`);
  return parts.join(" \u00d7 ");
}

function Terms({ explanation, terms }: { explanation: Explanation; terms: readonly Term[] }) {
  if (terms.length === 0) return null;
  const currency = explanation.figure.currency;
  return (
    <section aria-label="What went into it" className="mb-5">
      <h3 className="mb-2 text-xs font-semibold">
        What went into it{" "}
        <span className="font-normal text-muted">{formatCount(explanation.terms_total)}</span>
      </h3>
      <ul className="divide-y rounded-md border text-sm">
        {terms.map((term, index) => (
          <li className="flex items-start gap-3 px-3 py-2" key={`${term.name}-${String(index)}`}>
            <div className="min-w-0 flex-1">
              <p className="truncate">
                {term.name}
                <span className="ml-2 text-xs text-muted">
                  {inWords(term.kind)}, {formatDay(term.day)}
                  {term.side === "bottom" ? ", below the line" : ""}
                </span>
              </p>
              <p className="text-xs break-words text-muted">{factors(term)}</p>
            </div>
            <TermValue currency={currency} term={term} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function TermValue({ term, currency }: { term: Term; currency: string | null }) {
  const into = useExplained((state) => state.into);
  if (term.value === null) return null;
  const text = currency ? formatMoney(term.value, currency) : formatQuantity(term.value, 4);
  const target = term.figure_id;
  if (target === null) return <span className="figures">{text}</span>;
  return (
    <button
      aria-label={`${term.name}: ${text} Explain`}
      className="cursor-help rounded figures underline decoration-faint decoration-dotted underline-offset-4 hover:bg-accent-soft"
      onClick={() => into(target)}
      type="button"
    >
      {text}
    </button>
  );
}

function Parts({ explanation }: { explanation: Explanation }) {
  if (explanation.parts.length === 0) return null;
  return (
    <section aria-label="Parts" className="mb-5">
      <h3 className="mb-2 text-xs font-semibold">Parts, each a figure of its own</h3>
      <ul className="divide-y rounded-md border text-sm">
        {explanation.parts.map((part) => (
          <li className="flex justify-between gap-3 px-3 py-2" key={part.id}>
            <span className="text-muted">{inWords(part.definition.replace(/\.v\d+$/, ""))}</span>
            <Figure figure={part} name={part.definition} nested />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Origin({ explanation }: { explanation: Explanation }) {
  const { completeness } = explanation;
  const problems = [
    ...completeness.prices.map(
      (row) =>
        `${row.name}: price ${row.problem}${row.price_day ? `, last of ${formatDay(row.price_day)}` : ""}`,
    ),
    ...completeness.rates.map((row) => `${row.currency}: rate ${row.problem}`),
    ...completeness.lots.map((row) => row.problem),
  ];
  return (
    <section aria-label="Definition">
      <h3 className="mb-2 text-xs font-semibold">Definition</h3>
      <Facts
        items={[
          ["Name", explanation.figure.definition],
          ["Source", explanation.source],
          ["As of", formatDay(explanation.end)],
          ...(explanation.start ? ([["From", formatDay(explanation.start)]] as const) : []),
          ["Scope", explanation.scope === "all" ? "The whole workspace" : explanation.scope],
          ...explanation.left_out.map((text) => ["Left out", text] as const),
          ...problems.map((text) => ["Problem", text] as const),
        ]}
      />
    </section>
  );
}
