import type { Metadata } from "next";
import { AllocationView } from "@/app/(product)/portfolio/allocation/AllocationView";

export const metadata: Metadata = { title: "Allocation" };

export default function AllocationViewPage() {
  return <AllocationView />;
}
