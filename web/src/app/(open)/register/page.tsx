import type { Metadata } from "next";
import { Register } from "@/app/(open)/register/Register";

export const metadata: Metadata = { title: "Create an account" };

export default function RegisterPage() {
  return <Register />;
}
