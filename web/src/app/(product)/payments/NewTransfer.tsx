"use client";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { MoneyDialog } from "@/app/(product)/payments/MoneyDialog";
import { useAvailable, useOpenAccounts } from "@/app/(product)/payments/payments";
import { SelectField, TextField } from "@/components/Field";
import { isPositive, negated, sumOf } from "@/figures/decimal";
import { formatMoney } from "@/figures/format";
import { Money } from "@/figures/Money";
import { textOf } from "@/forms/reading";
import { notify } from "@/state/toasts";

type Request = Schemas["CreateTransfer"];

/** Move an amount between two own accounts, with the rate where their currencies differ. */
export function NewTransfer({ onClose }: { onClose: () => void }) {
  const router = useRouter();
  const accounts = useOpenAccounts();
  const available = useAvailable();
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const giver = accounts.find((one) => one.id === (from || accounts[0]?.id));
  const others = accounts.filter((one) => one.id !== giver?.id);
  const taker = others.find((one) => one.id === to) ?? others[0];
  const currency = giver?.currency ?? "";
  const arriving = taker?.currency ?? currency;
  const converts = arriving !== currency;
  const toSpend = giver && currency ? available(giver.id, currency) : null;
  const nameOf = (id: string) => accounts.find((one) => one.id === id)?.name ?? id;

  function read(form: FormData): { body: Request } | { problems: Record<string, string> } {
    const amount = textOf(form, "amount");
    const arrives = textOf(form, "arrives");
    const problems = {
      ...(isPositive(amount) ? {} : { amount: "Give an amount above zero, such as 12.34." }),
      ...(!converts || isPositive(arrives) ? {} : { arrives: "Give the amount that arrives." }),
      ...(giver && taker ? {} : { to: "Two open accounts are needed." }),
    };
    if (Object.keys(problems).length > 0 || !giver || !taker) return { problems };
    const description = textOf(form, "description");
    return {
      body: {
        from_account: giver.id,
        to_account: taker.id,
        amount,
        ...(converts ? { to_currency: arriving, to_amount: arrives } : {}),
        ...(description ? { description } : {}),
      },
    };
  }

  return (
    <MoneyDialog<Request, Schemas["Transfer"]>
      about="Between two of your own accounts."
      confirm={(transfer) => `Transfer ${formatMoney(transfer.amount, transfer.currency)}`}
      facts={(transfer) => {
        const before = available(transfer.from_account_id, transfer.currency);
        const there = available(transfer.to_account_id, transfer.to_currency);
        return [
          ["From", nameOf(transfer.from_account_id)],
          ["To", nameOf(transfer.to_account_id)],
          ["Leaves", <Money currency={transfer.currency} key="a" value={transfer.amount} />],
          ["Arrives", <Money currency={transfer.to_currency} key="t" value={transfer.to_amount} />],
          ["Fees", "None"],
          ...(before === null
            ? []
            : ([
                [
                  "Available after",
                  <Money
                    currency={transfer.currency}
                    key="l"
                    value={sumOf(before, negated(transfer.amount))}
                  />,
                ],
              ] as const)),
          ...(there === null
            ? []
            : ([
                [
                  "There after",
                  <Money
                    currency={transfer.to_currency}
                    key="r"
                    value={sumOf(there, transfer.to_amount)}
                  />,
                ],
              ] as const)),
        ];
      }}
      onClose={onClose}
      onDone={(transfer) => {
        notify({ tone: "good", title: "The transfer is made" });
        router.push(`/payments/transfer/?id=${transfer.id}`);
      }}
      read={read}
      reversible={() =>
        "It can be reversed without a time limit, while the receiving account has the money."
      }
      send={(body, { dry, headers }) =>
        answer(
          api.POST("/api/v1/transfers", {
            params: { query: { dry_run: dry }, header: headers },
            body,
          }),
        )
      }
      title="Transfer between own accounts"
    >
      {(problems) => (
        <>
          <SelectField
            hint={
              toSpend === null ? undefined : `${formatMoney(toSpend, currency)} available to spend`
            }
            label="From"
            name="from"
            onChange={(event) => setFrom(event.target.value)}
            options={accounts.map((one) => [one.id, one.name] as const)}
            value={giver?.id ?? ""}
          />
          <SelectField
            error={problems.to}
            label="To"
            name="to"
            onChange={(event) => setTo(event.target.value)}
            options={others.map((one) => [one.id, one.name] as const)}
            value={taker?.id ?? ""}
          />
          <TextField
            autoComplete="off"
            error={problems.amount}
            inputMode="decimal"
            label={currency ? `Amount in ${currency}` : "Amount"}
            name="amount"
            placeholder="0.00"
          />
          {converts ? (
            <TextField
              autoComplete="off"
              error={problems.arrives}
              hint="As the bank states it"
              inputMode="decimal"
              label={`Arrives in ${arriving}`}
              name="arrives"
              placeholder="0.00"
            />
          ) : null}
          <TextField label="What it is for" maxLength={500} name="description" />
        </>
      )}
    </MoneyDialog>
  );
}
