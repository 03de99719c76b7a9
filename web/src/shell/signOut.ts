"use client";
import { useMutation } from "@tanstack/react-query";
import { answer, api } from "@/api/client";

/** End the session and leave: the whole page is loaded anew, so that nothing stays in memory. */
export function useSignOut() {
  return useMutation({
    mutationFn: () => answer(api.POST("/api/v1/auth/logout", { body: {} })),
    onSuccess: () => window.location.replace("/sign-in/?signed-out"),
  });
}
