import type { Metadata } from "next";
import { TransferDetail } from "@/app/(product)/payments/transfer/TransferDetail";

export const metadata: Metadata = { title: "Transfer" };

export default function TransferDetailPage() {
  return <TransferDetail />;
}
