import type { Metadata } from "next";
import { WhatIf } from "@/app/(product)/portfolio/what-if/WhatIf";

export const metadata: Metadata = { title: "What-if" };

export default function WhatIfPage() {
  return <WhatIf />;
}
