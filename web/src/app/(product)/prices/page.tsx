import type { Metadata } from "next";
import { Prices } from "@/app/(product)/prices/Prices";

export const metadata: Metadata = { title: "Prices" };

export default function PricesPage() {
  return <Prices />;
}
