import type { Metadata } from "next";
import { Positions } from "@/app/(product)/portfolio/Positions";

export const metadata: Metadata = { title: "Portfolio" };

export default function PositionsPage() {
  return <Positions />;
}
