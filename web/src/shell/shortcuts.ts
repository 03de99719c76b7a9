/** Keys that work on every page: Cmd/Ctrl-K and / search, g and a letter go to a page. */
import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { LOWER_PLACES, PLACES } from "@/shell/places";

const SECOND_KEY_MILLISECONDS = 900;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

export function useShortcuts(openPalette: () => void, closeDrawer: () => void): void {
  const router = useRouter();
  const goSince = useRef(0);
  useEffect(() => {
    function pressed(event: KeyboardEvent) {
      if (event.key === "Escape") closeDrawer();
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        openPalette();
        return;
      }
      if (
        event.metaKey ||
        event.ctrlKey ||
        event.altKey ||
        isTyping(event.target) ||
        document.querySelector("[data-covers-page]")
      )
        return;
      if (event.key === "/") {
        event.preventDefault();
        const field = document.querySelector<HTMLInputElement>("[data-page-search]");
        if (field) field.focus();
        else openPalette();
        return;
      }
      const place = [...PLACES, ...LOWER_PLACES].find((one) => one.key === event.key);
      if (place && event.timeStamp - goSince.current < SECOND_KEY_MILLISECONDS) {
        event.preventDefault();
        router.push(place.href);
      }
      goSince.current = event.key === "g" ? event.timeStamp : 0;
    }
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [openPalette, closeDrawer, router]);
}
