import type { Metadata } from "next";
import { Targets } from "@/app/(product)/settings/targets/Targets";

export const metadata: Metadata = { title: "Target weights" };

export default function TargetsPage() {
  return <Targets />;
}
