"use client";
import { answer, api, type Schemas } from "@/api/client";
import { MoneyDialog } from "@/app/(product)/payments/MoneyDialog";
import {
  statusInWords,
  useAvailable,
  type PaymentDetailed,
} from "@/app/(product)/payments/payments";
import { TextField } from "@/components/Field";
import { sumOf } from "@/figures/decimal";
import { formatDay } from "@/figures/format";
import { Money } from "@/figures/Money";
import { textOf } from "@/forms/reading";
import { notify } from "@/state/toasts";

interface Props {
  payment: PaymentDetailed;
  onClose: () => void;
}

type Request = Schemas["ReversePayment"];

function readerFor(id: string) {
  return (form: FormData): { body: Request } | { problems: Record<string, string> } => {
    const reason = textOf(form, "reason");
    return reason
      ? { body: { payment_id: id, reason } }
      : { problems: { reason: "Say why; it is kept in the journal." } };
  };
}

/** Undo a payment that should never have been, as of its own day. */
export function ReversePayment({ payment, onClose }: Props) {
  const available = useAvailable();
  const { currency } = payment;
  return (
    <MoneyDialog<Request, Schemas["Payment"]>
      about="For a payment that should never have been. It counts as of the payment's day; goods given back are a refund."
      confirm={() => "Reverse the payment"}
      danger
      facts={(after) => {
        const before = available(payment.payer_account_id, currency);
        return [
          ["Comes back to", payment.payer_account_name],
          ["Amount", <Money currency={currency} key="a" value={payment.captured} />],
          ["As of", formatDay(payment.created_at)],
          ["State after", statusInWords(after.status)],
          ...(before === null
            ? []
            : ([
                [
                  "Available after",
                  <Money currency={currency} key="v" value={sumOf(before, payment.captured)} />,
                ],
              ] as const)),
        ];
      }}
      onClose={onClose}
      onDone={() => {
        notify({ tone: "good", title: "The payment is reversed" });
        onClose();
      }}
      read={readerFor(payment.id)}
      reversible={() => "It cannot be undone; the book keeps the payment and its reversal."}
      send={(body, { dry, headers }) =>
        answer(
          api.POST("/api/v1/payments/{payment_id}/reversal", {
            params: {
              path: { payment_id: payment.id },
              query: { dry_run: dry },
              header: headers,
            },
            body,
          }),
        )
      }
      title="Reverse the payment"
    >
      {(problems) => (
        <TextField error={problems.reason} label="Reason" maxLength={500} name="reason" />
      )}
    </MoneyDialog>
  );
}
