import type { Metadata } from "next";
import { Import } from "@/app/(product)/import/Import";

export const metadata: Metadata = { title: "Import" };

export default function ImportPage() {
  return <Import />;
}
