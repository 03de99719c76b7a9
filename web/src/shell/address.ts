"use client";
import { usePathname, useRouter, useSearchParams } from "next/navigation";

/** One parameter of the address, and how to change it: what is open can be kept and shared. */
export function useAddressPart(name: string): [string | null, (value: string | null) => void] {
  const router = useRouter();
  const path = usePathname();
  const search = useSearchParams();
  return [
    search.get(name),
    (value) => {
      const next = new URLSearchParams(search);
      if (value === null) next.delete(name);
      else next.set(name, value);
      const query = next.toString();
      router.replace(query ? `${path}?${query}` : path, { scroll: false });
    },
  ];
}
