import type { Metadata } from "next";
import { Statement } from "@/app/(product)/payments/statement/Statement";

export const metadata: Metadata = { title: "Account statement" };

export default function StatementPage() {
  return <Statement />;
}
