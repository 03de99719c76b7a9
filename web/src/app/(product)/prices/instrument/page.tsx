import type { Metadata } from "next";
import { InstrumentDetail } from "@/app/(product)/prices/instrument/InstrumentDetail";

export const metadata: Metadata = { title: "Instrument" };

export default function InstrumentDetailPage() {
  return <InstrumentDetail />;
}
