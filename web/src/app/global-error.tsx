"use client";
import "@/styles/globals.css";
import { Button } from "@/components/Button";

export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main className="flex min-h-dvh flex-col items-center justify-center gap-3">
          <h1 className="text-base font-semibold">This page failed</h1>
          <p className="text-sm text-muted">Nothing was changed by it.</p>
          <Button onClick={reset}>Show it again</Button>
        </main>
      </body>
    </html>
  );
}
