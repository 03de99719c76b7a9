"use client";
import { statusInWords, type PaymentDetailed } from "@/app/(product)/payments/payments";
import { Icon, type IconName } from "@/components/Icon";
import { formatMoment, inWords } from "@/figures/format";
import { Money } from "@/figures/Money";
import { useNameOf } from "@/people/useNameOf";

const ICONS: Readonly<Record<string, IconName>> = {
  paid: "check",
  captured: "check",
  held: "lock",
  released: "leave",
  expired: "clock",
  refunded: "back",
  reversed: "back",
};

/** Every change of a payment: what, how much, who, when, and the state after it. */
export function Timeline({ payment }: { payment: PaymentDetailed }) {
  const nameOf = useNameOf();
  const events = payment.timeline;
  return (
    <ol aria-label="Timeline" aria-live="polite" className="flex flex-col">
      {events.map((event, index) => (
        <li
          className="relative flex animate-fade gap-3 pb-5 last:pb-0"
          key={`${event.at}${event.kind}${index}`}
        >
          {index < events.length - 1 ? (
            <span
              aria-hidden="true"
              className="absolute top-6 bottom-0 left-3 w-px bg-line-strong"
            />
          ) : null}
          <span className="flex size-6 shrink-0 items-center justify-center rounded-full bg-sunken text-muted">
            <Icon name={ICONS[event.kind] ?? "info"} size={12} />
          </span>
          <div className="min-w-0 flex-1 pt-0.5">
            <p className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
              <span className="font-medium">{inWords(event.kind)}</span>
              {event.amount === null ? null : (
                <Money className="font-medium" currency={payment.currency} value={event.amount} />
              )}
            </p>
            <p className="text-xs text-muted">
              {nameOf(event)}, <time dateTime={event.at}>{formatMoment(event.at)}</time>
              {statusInWords(event.status) === inWords(event.kind)
                ? null
                : ` \u2192 ${statusInWords(event.status)}`}
            </p>
            {event.reason ? <p className="mt-0.5 text-sm break-words">{event.reason}</p> : null}
          </div>
        </li>
      ))}
    </ol>
  );
}
