"use client";
import { answer, api, type Schemas } from "@/api/client";
import { MoneyDialog } from "@/app/(product)/payments/MoneyDialog";
import {
  statusInWords,
  useAvailable,
  type PaymentDetailed,
} from "@/app/(product)/payments/payments";
import { TextField } from "@/components/Field";
import { isPositive, sumOf } from "@/figures/decimal";
import { formatMoney } from "@/figures/format";
import { Money } from "@/figures/Money";
import { textOf } from "@/forms/reading";
import { notify } from "@/state/toasts";

interface Props {
  payment: PaymentDetailed;
  onClose: () => void;
}

type Request = Schemas["ProcessRefund"];

/** Give back all or a part of what was paid. */
export function RefundPayment({ payment, onClose }: Props) {
  const available = useAvailable();
  const { currency } = payment;

  function read(form: FormData): { body: Request } | { problems: Record<string, string> } {
    const amount = textOf(form, "amount");
    if (!isPositive(amount)) return { problems: { amount: "Give an amount above zero." } };
    const reason = textOf(form, "reason");
    return { body: { payment_id: payment.id, amount, reason: reason || null } };
  }

  return (
    <MoneyDialog<Request, Schemas["RefundResult"]>
      about={`${formatMoney(payment.refundable, currency)} can be refunded.`}
      confirm={(refund) => `Refund ${formatMoney(refund.amount, currency)}`}
      facts={(refund) => {
        const before = available(payment.payer_account_id, currency);
        return [
          ["Comes back to", payment.payer_account_name],
          ["Amount", <Money currency={currency} key="a" value={refund.amount} />],
          ["Fees", "None from a balance"],
          ["Still refundable", <Money currency={currency} key="l" value={refund.refundable} />],
          ["State after", statusInWords(refund.payment_status)],
          ...(before === null
            ? []
            : ([
                [
                  "Available after",
                  <Money currency={currency} key="v" value={sumOf(before, refund.amount)} />,
                ],
              ] as const)),
        ];
      }}
      onClose={onClose}
      onDone={(refund) => {
        notify({ tone: "good", title: `${formatMoney(refund.amount, currency)} is refunded` });
        onClose();
      }}
      read={read}
      reversible={() =>
        "A refund cannot be taken back, and the payment cannot be reversed after it; pay again instead."
      }
      send={(body, { dry, headers }) =>
        answer(
          api.POST("/api/v1/payments/{payment_id}/refunds", {
            params: {
              path: { payment_id: payment.id },
              query: { dry_run: dry },
              header: headers,
            },
            body,
          }),
        )
      }
      title="Refund"
    >
      {(problems) => (
        <>
          <TextField
            autoComplete="off"
            defaultValue={payment.refundable}
            error={problems.amount}
            inputMode="decimal"
            label={`Amount in ${currency}`}
            name="amount"
          />
          <TextField label="Reason, for the record" maxLength={500} name="reason" />
        </>
      )}
    </MoneyDialog>
  );
}
