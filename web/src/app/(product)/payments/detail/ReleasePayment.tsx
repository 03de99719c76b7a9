"use client";
import { answer, api, type Schemas } from "@/api/client";
import { MoneyDialog } from "@/app/(product)/payments/MoneyDialog";
import { useAvailable, type PaymentDetailed } from "@/app/(product)/payments/payments";
import { TextField } from "@/components/Field";
import { negated, sumOf } from "@/figures/decimal";
import { formatMoney } from "@/figures/format";
import { Money } from "@/figures/Money";
import { textOf } from "@/forms/reading";
import { notify } from "@/state/toasts";

interface Props {
  payment: PaymentDetailed;
  onClose: () => void;
}

/** Let a hold go: nothing is paid. */
export function ReleasePayment({ payment, onClose }: Props) {
  const available = useAvailable();
  const { currency } = payment;
  return (
    <MoneyDialog<Schemas["ReleasePayment"], Schemas["Payment"]>
      about={`${formatMoney(payment.on_hold, currency)} is on hold and would be spendable again.`}
      confirm={(after) =>
        `Release ${formatMoney(sumOf(after.released, negated(payment.released)), currency)}`
      }
      danger
      facts={(after) => {
        const released = sumOf(after.released, negated(payment.released));
        const before = available(payment.payer_account_id, currency);
        return [
          ["Account", payment.payer_account_name],
          ["Released", <Money currency={currency} key="r" value={released} />],
          ["Stays paid", <Money currency={currency} key="c" value={after.captured} />],
          ...(before === null
            ? []
            : ([
                [
                  "Available after",
                  <Money currency={currency} key="a" value={sumOf(before, released)} />,
                ],
              ] as const)),
        ];
      }}
      onClose={onClose}
      onDone={() => {
        notify({ tone: "good", title: "The hold is released" });
        onClose();
      }}
      read={(form) => ({
        body: { payment_id: payment.id, reason: textOf(form, "reason") || null },
      })}
      reversible={() => "It cannot be undone; a new payment can be made at any time."}
      send={(body, { dry, headers }) =>
        answer(
          api.POST("/api/v1/payments/{payment_id}/release", {
            params: {
              path: { payment_id: payment.id },
              query: { dry_run: dry },
              header: headers,
            },
            body,
          }),
        )
      }
      title="Release the hold"
    >
      {() => <TextField label="Reason, for the record" maxLength={500} name="reason" />}
    </MoneyDialog>
  );
}
