import Link from "next/link";
import type { ReactNode } from "react";
import { Mark } from "@/shell/Mark";

/** The frame of what one sees before signing in. */
export default function OpenLayout({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="mx-auto flex w-full max-w-5xl items-center gap-2 px-4 py-4 sm:px-6">
        <Link className="flex items-center gap-2 rounded" href="/">
          <Mark size={22} />
          <span className="text-base font-semibold tracking-tight">Bursar</span>
        </Link>
      </header>
      <main className="flex flex-1 flex-col">{children}</main>
      <footer className="mx-auto w-full max-w-5xl px-4 py-6 text-xs text-muted sm:px-6">
        For education and research. No financial advice.
      </footer>
    </div>
  );
}
