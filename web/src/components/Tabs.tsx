import Link from "next/link";
import { classes } from "@/components/classes";

/** Tabs that are pages: each has an address, so that it can be opened, kept and shared. */
export function PageTabs({
  label,
  tabs,
  current,
}: {
  label: string;
  tabs: readonly (readonly [href: string, text: string])[];
  current: string;
}) {
  return (
    <nav aria-label={label} className="-mt-1 flex gap-1 overflow-x-auto border-b">
      {tabs.map(([href, text]) => {
        const active = href === current;
        return (
          <Link
            aria-current={active ? "page" : undefined}
            className={classes(
              "-mb-px border-b-2 px-2.5 py-2 text-sm whitespace-nowrap transition-colors",
              active
                ? "border-accent font-medium text-ink"
                : "border-transparent text-muted hover:text-ink",
            )}
            href={href}
            key={href}
          >
            {text}
          </Link>
        );
      })}
    </nav>
  );
}

interface SegmentsProps<T extends string> {
  label: string;
  options: readonly (readonly [value: T, text: string])[];
  value: T;
  onChange: (value: T) => void;
}

/** A few choices side by side, one of them on; arrow keys move as in any radio group. */
export function Segments<T extends string>({ label, options, value, onChange }: SegmentsProps<T>) {
  return (
    <div
      aria-label={label}
      className="inline-flex rounded-md border bg-sunken p-0.5"
      role="radiogroup"
    >
      {options.map(([option, text]) => (
        <label
          className={classes(
            "relative cursor-pointer rounded px-2 py-0.5 text-xs font-medium transition-colors has-focus-visible:outline-2 has-focus-visible:outline-accent",
            option === value ? "bg-surface text-ink shadow-card" : "text-muted hover:text-ink",
          )}
          key={option}
        >
          <input
            checked={option === value}
            className="absolute inset-0 cursor-pointer opacity-0"
            name={label}
            onChange={() => onChange(option)}
            type="radio"
            value={option}
          />
          {text}
        </label>
      ))}
    </div>
  );
}
