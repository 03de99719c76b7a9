import { PageTabs } from "@/components/Tabs";

const TABS = [
  ["/portfolio/", "Positions"],
  ["/portfolio/performance/", "Performance"],
  ["/portfolio/allocation/", "Allocation"],
  ["/portfolio/rebalance/", "Rebalance"],
  ["/portfolio/what-if/", "What-if"],
] as const;

export function PortfolioTabs({ current }: { current: (typeof TABS)[number][0] }) {
  return <PageTabs current={current} label="Portfolio" tabs={TABS} />;
}
