import type { Metadata } from "next";
import { Admin } from "@/app/(product)/admin/Admin";

export const metadata: Metadata = { title: "Admin" };

export default function AdminPage() {
  return <Admin />;
}
