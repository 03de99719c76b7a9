const LINES = [
  ["28 Dec 2022", "AAPL", "29.105 \u00d7 125.674", "3,657.74"],
  ["28 Dec 2022", "MSFT", "16.737 \u00d7 233.434", "3,906.98"],
  ["28 Dec 2022", "EUR", "6,522.10 \u00d7 1.0589", "6,906.25"],
] as const;

/** What the product is about: an example whose lines, at the demo's prices, add up to its figure. */
export function LandingBook() {
  return (
    <div aria-hidden="true" className="card p-5 shadow-float">
      <p className="label-caps">Net worth, an example</p>
      <p className="mt-0.5 text-2xl font-semibold tracking-tight figures">$14,470.97</p>
      <p className="mt-3 rounded-md border bg-sunken px-3 py-2 font-mono text-xs">
        holdings + cash - debts
      </p>
      <ul className="mt-3 divide-y rounded-md border text-sm">
        {LINES.map(([day, name, product, value]) => (
          <li className="flex items-baseline justify-between gap-3 px-3 py-2" key={name}>
            <span className="min-w-0">
              <span className="mr-2">{name}</span>
              <span className="text-xs figures text-muted">
                {product}, {day}
              </span>
            </span>
            <span className="figures">{value}</span>
          </li>
        ))}
      </ul>
      <p className="mt-3 text-xs text-gain">Computed again from what is listed: the same</p>
    </div>
  );
}
