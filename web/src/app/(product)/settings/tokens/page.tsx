import type { Metadata } from "next";
import { Tokens } from "@/app/(product)/settings/tokens/Tokens";

export const metadata: Metadata = { title: "API tokens" };

export default function TokensPage() {
  return <Tokens />;
}
