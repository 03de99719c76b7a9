import type { Metadata } from "next";
import { Payments } from "@/app/(product)/payments/Payments";

export const metadata: Metadata = { title: "Payments" };

export default function PaymentsPage() {
  return <Payments />;
}
