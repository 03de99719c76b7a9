import type { Metadata } from "next";
import Link from "next/link";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/States";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <main className="m-auto flex min-h-dvh items-center justify-center">
      <EmptyState
        action={
          <Button asChild>
            <Link href="/overview/">Go to the overview</Link>
          </Button>
        }
        icon="search"
        title="There is no page at this address"
      >
        It may have moved, or the address has a typing mistake.
      </EmptyState>
    </main>
  );
}
