"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useDrift, useMay, useMe } from "@/api/hooks";
import { Icon, type IconName } from "@/components/Icon";
import { Section } from "@/components/Page";
import { Figure } from "@/figures/Figure";
import { formatCount, formatDay, inWords } from "@/figures/format";

interface Item {
  id: string;
  icon: IconName;
  text: ReactNode;
  href: string;
  action: string;
}

/** What a person should look at, each with the way to it; nothing here is only information. */
export function Attention({ summary }: { summary: Schemas["Summary"] }) {
  const items = useItems(summary);
  return (
    <Section className="max-lg:-order-1" title="Needs attention">
      {items.length === 0 ? (
        <p className="flex items-center gap-2 text-sm text-muted">
          <Icon className="text-gain" name="check" size={14} />
          Nothing. Prices are there, weights are within their bands.
        </p>
      ) : (
        <ul className="flex flex-col gap-2.5">
          {items.map((item) => (
            <li className="flex gap-2.5 text-sm" key={item.id}>
              <Icon className="mt-0.5 shrink-0 text-warn" name={item.icon} size={14} />
              <div className="min-w-0 flex-1">
                <span>{item.text}</span>{" "}
                <Link
                  className="font-medium whitespace-nowrap text-accent-ink underline-offset-2 hover:underline"
                  href={item.href}
                >
                  {item.action}
                </Link>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function useItems(summary: Schemas["Summary"]): Item[] {
  const me = useMe();
  const drift = useDrift();
  const mayImport = useMay("banking:write");
  const imports = useQuery({
    queryKey: ["banking", "imports", "recent"],
    queryFn: () => answer(api.GET("/api/v1/imports", { params: { query: { limit: 20 } } })),
  });
  const items: Item[] = [];
  if (me.data?.credential === "person" && !me.data.has_password) {
    items.push({
      id: "password",
      icon: "lock",
      text: "You have no password: you came by a one-time link.",
      href: "/settings/security/",
      action: "Choose one",
    });
  }
  if (summary.as_of_reason === "newest_price_day") {
    items.push({
      id: "prices",
      icon: "clock",
      text: `All prices are old; the newest are of ${formatDay(summary.as_of)}.`,
      href: "/prices/",
      action: "See prices",
    });
  }
  if (drift.data?.over_threshold && drift.data.largest) {
    const { name, drift: figure } = drift.data.largest;
    items.push({
      id: "drift",
      icon: "portfolio",
      text: (
        <>
          {inWords(name)} is{" "}
          <Figure digits={1} figure={figure} name={`Drift of ${name}`} sign="always" /> from its
          target.
        </>
      ),
      href: "/portfolio/rebalance/",
      action: "Plan trades",
    });
  }
  const refused = (imports.data?.items ?? []).filter(
    (row) => row.refused > 0 && row.undone_at === null,
  );
  for (const row of refused.slice(0, 2)) {
    items.push({
      id: row.import_id,
      icon: "import",
      text: `${formatCount(row.refused)} rows of ${row.filename} were refused.`,
      href: `/import/?id=${row.import_id}`,
      action: "See why",
    });
  }
  if (mayImport && imports.data?.items.length === 0) {
    items.push({
      id: "first",
      icon: "import",
      text: "No statement was imported yet.",
      href: "/import/",
      action: "Import one",
    });
  }
  return items;
}
