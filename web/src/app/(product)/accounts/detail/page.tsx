import type { Metadata } from "next";
import { AccountDetail } from "@/app/(product)/accounts/detail/AccountDetail";

export const metadata: Metadata = { title: "Account" };

export default function AccountDetailPage() {
  return <AccountDetail />;
}
