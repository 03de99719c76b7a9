import type { PaymentDetailed } from "@/app/(product)/payments/payments";
import { isPositive } from "@/figures/decimal";
import { Money } from "@/figures/Money";

/** Where the amount of a payment stands: every part that is not zero. */
export function Amounts({ payment }: { payment: PaymentDetailed }) {
  const parts = [
    ["Paid", payment.captured],
    ["On hold", payment.on_hold],
    ["Released", payment.released],
    ["Refunded", payment.refunded],
    ["In dispute", payment.disputed],
    ["Can be refunded", payment.refundable],
  ] as const;
  const shown = parts.filter(([name, value]) => name === "Paid" || isPositive(value));
  return (
    <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-3 border-t pt-3 sm:grid-cols-4">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt className="label-caps">{name}</dt>
          <dd className="text-sm font-medium">
            <Money currency={payment.currency} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
