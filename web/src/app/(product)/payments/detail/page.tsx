import type { Metadata } from "next";
import { PaymentDetail } from "@/app/(product)/payments/detail/PaymentDetail";

export const metadata: Metadata = { title: "Payment" };

export default function PaymentDetailPage() {
  return <PaymentDetail />;
}
