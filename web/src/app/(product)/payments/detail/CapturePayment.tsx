"use client";
import { useState } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { MoneyDialog } from "@/app/(product)/payments/MoneyDialog";
import { useAvailable, type PaymentDetailed } from "@/app/(product)/payments/payments";
import { CheckField, TextField } from "@/components/Field";
import { isPositive, negated, sumOf } from "@/figures/decimal";
import { formatMoney } from "@/figures/format";
import { Money } from "@/figures/Money";
import { textOf } from "@/forms/reading";
import { notify } from "@/state/toasts";

interface Props {
  payment: PaymentDetailed;
  onClose: () => void;
}

type Request = Schemas["CapturePayment"];

/** Pay all or a part of what is on hold; the rest is released, or stays held. */
export function CapturePayment({ payment, onClose }: Props) {
  const available = useAvailable();
  const [amount, setAmount] = useState(payment.on_hold);
  const { currency } = payment;
  const partial = isPositive(amount) && isPositive(sumOf(payment.on_hold, negated(amount)));

  function read(form: FormData): { body: Request } | { problems: Record<string, string> } {
    const asked = textOf(form, "amount");
    if (!isPositive(asked)) return { problems: { amount: "Give an amount above zero." } };
    return {
      body: { payment_id: payment.id, amount: asked, final: form.get("keep") === null },
    };
  }

  return (
    <MoneyDialog<Request, Schemas["Payment"]>
      about={`${formatMoney(payment.on_hold, currency)} is on hold.`}
      confirm={(after) =>
        `Capture ${formatMoney(sumOf(after.captured, negated(payment.captured)), currency)}`
      }
      facts={(after) => {
        const before = available(payment.payer_account_id, currency);
        const released = sumOf(after.released, negated(payment.released));
        return [
          ["Pays", payment.payer_account_name],
          [
            "Captured now",
            <Money
              currency={currency}
              key="c"
              value={sumOf(after.captured, negated(payment.captured))}
            />,
          ],
          ["Captured in all", <Money currency={currency} key="n" value={after.captured} />],
          ["Released", <Money currency={currency} key="r" value={released} />],
          ["Stays on hold", <Money currency={currency} key="h" value={after.on_hold} />],
          ["Fees", "None from a balance"],
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
        notify({ tone: "good", title: "Captured" });
        onClose();
      }}
      read={read}
      reversible={() =>
        "A capture cannot be taken back, but it can be refunded, in part or whole, without a time limit."
      }
      send={(body, { dry, headers }) =>
        answer(
          api.POST("/api/v1/payments/{payment_id}/capture", {
            params: {
              path: { payment_id: payment.id },
              query: { dry_run: dry },
              header: headers,
            },
            body,
          }),
        )
      }
      title="Capture"
    >
      {(problems) => (
        <>
          <TextField
            autoComplete="off"
            error={problems.amount}
            inputMode="decimal"
            label={`Amount in ${currency}`}
            name="amount"
            onChange={(event) => setAmount(event.target.value.trim())}
            value={amount}
          />
          {partial ? (
            <CheckField
              hint="Otherwise it is released with this capture"
              label="Keep the rest on hold"
              name="keep"
              value="yes"
            />
          ) : null}
        </>
      )}
    </MoneyDialog>
  );
}
