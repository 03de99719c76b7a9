import type { Metadata } from "next";
import { Overview } from "@/app/(product)/overview/Overview";

export const metadata: Metadata = { title: "Overview" };

export default function OverviewPage() {
  return <Overview />;
}
