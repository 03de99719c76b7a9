"use client";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { MoneyDialog } from "@/app/(product)/payments/MoneyDialog";
import { useAvailable, useOpenAccounts } from "@/app/(product)/payments/payments";
import { CheckField, SelectField, TextField } from "@/components/Field";
import { isPositive, negated, sumOf } from "@/figures/decimal";
import { formatMoment, formatMoney } from "@/figures/format";
import { Money } from "@/figures/Money";
import { textOf } from "@/forms/reading";
import { notify } from "@/state/toasts";

type Request = Schemas["InitiatePayment"];
const OUTSIDE = "";

function read(form: FormData): { body: Request } | { problems: Record<string, string> } {
  const amount = textOf(form, "amount");
  const payer = textOf(form, "payer");
  const payee = textOf(form, "payee");
  const name = textOf(form, "name");
  const problems = {
    ...(payer ? {} : { payer: "Choose the account that pays." }),
    ...(payee === OUTSIDE && !name ? { name: "Say who is paid." } : {}),
    ...(payee && payee === payer
      ? { payee: "Choose another account than the one that pays." }
      : {}),
    ...(isPositive(amount) ? {} : { amount: "Give an amount above zero, such as 12.34." }),
  };
  if (Object.keys(problems).length > 0) return { problems };
  return {
    body: {
      payer_account: payer,
      ...(payee ? { payee_account: payee } : { payee_name: name }),
      amount,
      capture_method: form.get("hold") ? "manual" : "automatic",
      ...(textOf(form, "description") ? { description: textOf(form, "description") } : {}),
      ...(textOf(form, "reference") ? { reference: textOf(form, "reference") } : {}),
    },
  };
}

/** Pay from the balance of an own account, at once or as a hold to capture later. */
export function NewPayment({ onClose }: { onClose: () => void }) {
  const router = useRouter();
  const accounts = useOpenAccounts();
  const available = useAvailable();
  const [payer, setPayer] = useState("");
  const [payee, setPayee] = useState(OUTSIDE);
  const chosen = accounts.find((one) => one.id === (payer || accounts[0]?.id));
  const currency = chosen?.currency ?? "";
  const toSpend = chosen && currency ? available(chosen.id, currency) : null;
  const nameOf = (id: string) => accounts.find((one) => one.id === id)?.name ?? id;

  return (
    <MoneyDialog<Request, Schemas["Payment"]>
      about="From the balance of one of your accounts."
      confirm={(payment) =>
        `${payment.capture_method === "manual" ? "Hold" : "Pay"} ${formatMoney(payment.amount, payment.currency)}`
      }
      facts={(payment) => {
        const before = available(payment.payer_account_id, payment.currency);
        return [
          ["Pays", nameOf(payment.payer_account_id)],
          [
            "Is paid",
            payment.payee_account_id ? nameOf(payment.payee_account_id) : payment.payee_name,
          ],
          ["Amount", <Money currency={payment.currency} key="a" value={payment.amount} />],
          ["Fees", "None from a balance"],
          [
            "Total cost",
            <Money
              className="font-medium"
              currency={payment.currency}
              key="t"
              value={payment.amount}
            />,
          ],
          ...(before === null
            ? []
            : ([
                ["Available now", <Money currency={payment.currency} key="b" value={before} />],
                [
                  "Available after",
                  <Money
                    currency={payment.currency}
                    key="l"
                    value={sumOf(before, negated(payment.amount))}
                  />,
                ],
              ] as const)),
          ...(payment.expires_at
            ? ([["Hold ends", formatMoment(payment.expires_at)]] as const)
            : []),
        ];
      }}
      onClose={onClose}
      onDone={(payment) => {
        notify({
          tone: "good",
          title:
            payment.capture_method === "manual" ? "The amount is on hold" : "The payment is made",
        });
        router.push(`/payments/detail/?id=${payment.id}`);
      }}
      read={read}
      reversible={(payment) =>
        payment.capture_method === "manual"
          ? `It can be released until it is captured; the hold ends by itself${payment.expires_at ? ` on ${formatMoment(payment.expires_at)}` : ""}.`
          : "It can be refunded, in part or whole, without a time limit, and reversed as of its day until a part is refunded."
      }
      send={(body, { dry, headers }) =>
        answer(
          api.POST("/api/v1/payments", {
            params: { query: { dry_run: dry }, header: headers },
            body,
          }),
        )
      }
      title="New payment"
    >
      {(problems) => (
        <>
          <SelectField
            error={problems.payer}
            hint={
              toSpend === null ? undefined : `${formatMoney(toSpend, currency)} available to spend`
            }
            label="Pay from"
            name="payer"
            onChange={(event) => setPayer(event.target.value)}
            options={accounts.map((one) => [one.id, one.name] as const)}
            value={chosen?.id ?? ""}
          />
          <SelectField
            error={problems.payee}
            label="Pay to"
            name="payee"
            onChange={(event) => setPayee(event.target.value)}
            options={[
              [OUTSIDE, "Somebody outside"],
              ...accounts
                .filter((one) => one.id !== chosen?.id)
                .map((one) => [one.id, one.name] as const),
            ]}
            value={payee}
          />
          {payee === OUTSIDE ? (
            <TextField
              autoComplete="off"
              error={problems.name}
              label="Name of who is paid"
              maxLength={200}
              name="name"
            />
          ) : null}
          <TextField
            autoComplete="off"
            error={problems.amount}
            inputMode="decimal"
            label={currency ? `Amount in ${currency}` : "Amount"}
            name="amount"
            placeholder="0.00"
          />
          <TextField label="What it is for" maxLength={500} name="description" />
          <TextField
            hint="Your own number of it, such as an invoice's"
            label="Reference"
            maxLength={200}
            name="reference"
          />
          <CheckField
            hint="Reserved for 7 days; you capture all or a part of it, or release it"
            label="Only hold the amount for now"
            name="hold"
            value="yes"
          />
        </>
      )}
    </MoneyDialog>
  );
}
