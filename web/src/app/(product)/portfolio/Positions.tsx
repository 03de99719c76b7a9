"use client";
import Link from "next/link";
import { useState } from "react";
import type { CostMethod } from "@/api/hooks";
import { usePositions } from "@/api/hooks";
import { COST_METHODS } from "@/app/(product)/accounts/detail/AccountRules";
import { PortfolioTabs } from "@/app/(product)/portfolio/PortfolioTabs";
import { PositionsTable } from "@/app/(product)/portfolio/PositionsTable";
import { Button } from "@/components/Button";
import { SelectField } from "@/components/Field";
import { Page, Section } from "@/components/Page";
import { EmptyState, Loaded } from "@/components/States";
import { AsOf, Incomplete } from "@/figures/AsOf";
import { Figure } from "@/figures/Figure";

export function Positions() {
  const [method, setMethod] = useState<CostMethod | "">("");
  const positions = usePositions(method === "" ? { lots: true } : { lots: true, method });
  return (
    <Page about={positions.data ? <AsOf of={positions.data} /> : "\u00a0"} title="Portfolio" wide>
      <PortfolioTabs current="/portfolio/" />
      {positions.data ? <Incomplete of={positions.data} /> : null}
      <Section
        about="Open a position to see its lots."
        actions={
          <SelectField
            className="w-48"
            hideLabel
            label="Cost method"
            onChange={(event) => setMethod(event.target.value as CostMethod | "")}
            options={[["", "Each account\u2019s method"], ...COST_METHODS]}
            value={method}
          />
        }
        flush
        title="Positions"
      >
        <Loaded query={positions}>
          {(data) =>
            data.items.length === 0 ? (
              <EmptyState
                action={
                  <Button asChild>
                    <Link href="/import/">Import a statement</Link>
                  </Button>
                }
                icon="portfolio"
                title="Nothing is held"
              />
            ) : (
              <>
                <PositionsTable positions={data.items} withAccount />
                <p className="flex justify-between px-4 py-2.5 text-sm font-medium">
                  <span>Total</span>
                  <Figure figure={data.total} name="Total value" />
                </p>
              </>
            )
          }
        </Loaded>
      </Section>
    </Page>
  );
}
