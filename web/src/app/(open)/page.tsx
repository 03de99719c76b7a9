import type { Metadata } from "next";
import Link from "next/link";
import { Button } from "@/components/Button";
import { LandingBook } from "@/app/(open)/LandingBook";

export const metadata: Metadata = {
  title: { absolute: "Bursar \u2014 one book of all your money" },
};

const PROMISES = [
  [
    "Exact",
    "Double entry in integers of the smallest unit. A figure that cannot be stated says why, and old prices are never passed off as today\u2019s.",
  ],
  [
    "Explained",
    "Click any figure: the formula, the lots, prices and rates behind it, and the value computed again from them.",
  ],
  [
    "Yours",
    "One server on your machine, all data in one folder. No account anywhere, nothing is sent anywhere.",
  ],
  [
    "Safe to hand over",
    "Tokens carry scopes, every write can be previewed, and everything is in the journal. People and agents obey the same rules.",
  ],
] as const;

export default function Landing() {
  return (
    <div className="mx-auto w-full max-w-5xl px-4 pt-8 pb-10 sm:px-6 sm:pt-14">
      <div className="grid items-center gap-10 lg:grid-cols-[1.05fr_1fr]">
        <div>
          <h1 className="text-3xl leading-tight font-semibold tracking-tight text-balance sm:text-4xl">
            One book of all your money.
          </h1>
          <p className="mt-4 max-w-md text-base leading-relaxed text-muted">
            Bank, broker and wallet in one self-hosted ledger, with figures you can trace to the
            last lot and price {"\u2014"} and a back office you can hand to an agent.
          </p>
          <div className="mt-6 flex flex-wrap gap-2.5">
            <Button asChild tone="primary">
              <Link href="/sign-in/">Sign in</Link>
            </Button>
            <Button asChild>
              <Link href="/register/">Create an account</Link>
            </Button>
          </div>
        </div>
        <LandingBook />
      </div>
      <dl className="mt-14 grid gap-x-8 gap-y-6 border-t pt-8 sm:grid-cols-2 lg:grid-cols-4">
        {PROMISES.map(([name, text]) => (
          <div key={name}>
            <dt className="text-sm font-semibold">{name}</dt>
            <dd className="mt-1 text-sm text-muted">{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
