import type { Metadata } from "next";
import { Rebalance } from "@/app/(product)/portfolio/rebalance/Rebalance";

export const metadata: Metadata = { title: "Rebalance" };

export default function RebalancePage() {
  return <Rebalance />;
}
