import type { Metadata } from "next";
import { SignIn } from "@/app/(open)/sign-in/SignIn";

export const metadata: Metadata = { title: "Sign in" };

export default function SignInPage() {
  return <SignIn />;
}
