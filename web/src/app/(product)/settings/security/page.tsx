import type { Metadata } from "next";
import { Security } from "@/app/(product)/settings/security/Security";

export const metadata: Metadata = { title: "Password and sessions" };

export default function SecurityPage() {
  return <Security />;
}
