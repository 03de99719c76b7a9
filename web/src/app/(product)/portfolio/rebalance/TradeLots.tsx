import type { Schemas } from "@/api/client";
import { Facts } from "@/components/Page";
import { Sheet } from "@/components/Sheet";
import { formatDay } from "@/figures/format";
import { Money, Quantity } from "@/figures/Money";

/** One proposed trade with the lots a sale would close. */
export function TradeLots({
  trade,
  onClose,
}: {
  trade: Schemas["PlannedTrade"] | null;
  onClose: () => void;
}) {
  return (
    <Sheet
      about="Proposed, not ordered."
      onClose={onClose}
      open={trade !== null}
      title={trade ? `${trade.side === "buy" ? "Buy" : "Sell"} ${trade.name}` : ""}
    >
      {trade ? (
        <div className="flex flex-col gap-5">
          <Facts
            items={[
              ["Account", trade.account],
              ["Units", <Quantity key="q" value={trade.quantity} />],
              ["Price used", <Money currency={trade.currency} key="p" value={trade.price} />],
              ["Amount", <Money currency={trade.currency} key="a" value={trade.amount} />],
              ["Fees", <Money currency={trade.currency} key="f" value={trade.fees} />],
              ...(trade.taxed === null
                ? []
                : ([
                    ["Taxed", trade.taxed ? "Yes" : "No, the account has a tax wrapper"],
                  ] as const)),
            ]}
          />
          {trade.lots.length > 0 ? (
            <section aria-label="Lots it would close">
              <h3 className="mb-2 text-xs font-semibold">{`Lots it would close, by ${trade.lot_method ?? "the account\u2019s method"}`}</h3>
              <ul className="divide-y rounded-md border text-sm">
                {trade.lots.map((lot) => (
                  <li
                    className="flex items-baseline justify-between gap-3 px-3 py-2"
                    key={lot.lot_id}
                  >
                    <span>
                      <span className="block">{formatDay(lot.acquired_on)}</span>
                      <span className="block text-xs text-muted">
                        <Quantity value={lot.quantity} /> units,{" "}
                        {lot.term === "long"
                          ? "long-term"
                          : `short-term for ${lot.days_until_long} more days`}
                      </span>
                    </span>
                    <Money coloured currency={trade.currency} value={lot.gain} />
                  </li>
                ))}
              </ul>
            </section>
          ) : null}
        </div>
      ) : null}
    </Sheet>
  );
}
