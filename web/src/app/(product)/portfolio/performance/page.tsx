import type { Metadata } from "next";
import { PerformanceView } from "@/app/(product)/portfolio/performance/PerformanceView";

export const metadata: Metadata = { title: "Performance" };

export default function PerformanceViewPage() {
  return <PerformanceView />;
}
