import type { ReactNode } from "react";
import { Shell } from "@/shell/Shell";

export default function ProductLayout({ children }: { children: ReactNode }) {
  return <Shell>{children}</Shell>;
}
