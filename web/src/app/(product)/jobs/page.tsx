import type { Metadata } from "next";
import { Jobs } from "@/app/(product)/jobs/Jobs";

export const metadata: Metadata = { title: "Jobs" };

export default function JobsPage() {
  return <Jobs />;
}
