import type { Metadata } from "next";
import { Accounts } from "@/app/(product)/accounts/Accounts";

export const metadata: Metadata = { title: "Accounts" };

export default function AccountsPage() {
  return <Accounts />;
}
