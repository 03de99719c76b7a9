"use client";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { newQueryClient } from "@/api/queryClient";
import { Toaster } from "@/components/Toaster";
import { useTheme } from "@/state/theme";

/** What every page stands on: server state, notices and the theme. */
export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(newQueryClient);
  const follow = useTheme((state) => state.follow);
  useEffect(() => {
    follow();
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, [follow]);
  return (
    <QueryClientProvider client={client}>
      {children}
      <Toaster />
    </QueryClientProvider>
  );
}
