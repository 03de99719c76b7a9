import type { Metadata } from "next";
import { Profile } from "@/app/(product)/settings/Profile";

export const metadata: Metadata = { title: "Settings" };

export default function ProfilePage() {
  return <Profile />;
}
