import type { Schemas } from "@/api/client";
import { Problems } from "@/app/(product)/import/Problems";
import { Badge } from "@/components/Badge";
import { Icon } from "@/components/Icon";
import { formatCount, formatDay, formatMoney, inWords } from "@/figures/format";
import { Money } from "@/figures/Money";

type Result = Schemas["ImportResult"];

/** What an import did, or in a trial would do, account by account, against the stated balances. */
export function Outcome({ result }: { result: Result }) {
  const counts = [
    ["Added", result.added],
    ["Already there", result.duplicates],
    ["Refused", result.refused],
    ["New instruments", result.instruments_created],
  ] as const;
  return (
    <div className="p-4">
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        {counts.map(([name, count]) => (
          <div key={name}>
            <dt className="label-caps">{name}</dt>
            <dd className="text-lg font-semibold figures">{formatCount(count)}</dd>
          </div>
        ))}
        <div>
          <dt className="label-caps">Read as</dt>
          <dd className="text-lg font-semibold">
            {result.format.length <= 5 ? result.format.toUpperCase() : inWords(result.format)}
          </dd>
        </div>
      </dl>
      {result.differences.map((text) => (
        <p
          className="mt-3 flex gap-2 rounded-md bg-warn-soft px-3 py-2 text-sm text-warn"
          key={text}
        >
          <Icon className="mt-0.5 shrink-0" name="warning" size={14} />
          {text}
        </p>
      ))}
      {result.notes.map((text) => (
        <p className="mt-2 text-xs text-muted" key={text}>
          {text}
        </p>
      ))}
      <ul className="mt-4 flex flex-col gap-3">
        {result.accounts.map((account) => (
          <AccountOutcome account={account} key={account.account_id} />
        ))}
      </ul>
      {result.problems.length > 0 ? (
        <Problems problems={result.problems} total={result.problems_total} />
      ) : null}
    </div>
  );
}

function AccountOutcome({ account }: { account: Result["accounts"][number] }) {
  return (
    <li className="rounded-md border px-3 py-2.5 text-sm">
      <p className="flex flex-wrap items-baseline gap-2">
        <span className="font-medium">{account.name}</span>
        {account.opened ? <Badge tone="accent">Would be new</Badge> : null}
        <span className="text-xs text-muted">
          {`${formatCount(account.added)} added`}
          {account.first_day && account.last_day
            ? `, ${formatDay(account.first_day)} to ${formatDay(account.last_day)}`
            : ""}
        </span>
      </p>
      {account.openings.map((opening) => (
        <p
          className="mt-1 text-xs text-muted"
          key={opening.code}
        >{`Opening ${formatMoney(opening.amount, opening.code)}: ${opening.reason}`}</p>
      ))}
      {account.balances.map((balance) => (
        <p className="mt-1 flex flex-wrap gap-x-3 text-xs" key={balance.code}>
          <span className="text-muted">
            {balance.code}: <Money currency={balance.code} value={balance.before} /> before
          </span>
          <span>
            <Money currency={balance.code} value={balance.after} /> after
          </span>
          {balance.stated === null ? null : (
            <span
              className={
                balance.difference !== null && /[1-9]/.test(balance.difference)
                  ? "text-warn"
                  : "text-gain"
              }
            >
              {balance.difference !== null && /[1-9]/.test(balance.difference)
                ? `the file states ${formatMoney(balance.stated, balance.code)}`
                : "as the file states"}
            </span>
          )}
        </p>
      ))}
      {account.corporate_actions.map((text) => (
        <p className="mt-1 text-xs text-muted" key={text}>
          {text}
        </p>
      ))}
    </li>
  );
}
