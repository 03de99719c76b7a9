import type { Metadata } from "next";
import { Transactions } from "@/app/(product)/transactions/Transactions";

export const metadata: Metadata = { title: "Transactions" };

export default function TransactionsPage() {
  return <Transactions />;
}
