"use client";
import dynamic from "next/dynamic";
import type { Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";

// Menus are needed after the first view, so their code is not part of it.
const PersonMenu = dynamic(() => import("@/shell/PersonMenu").then((module) => module.PersonMenu), {
  ssr: false,
  loading: () => <span className="size-8 rounded-full bg-sunken" />,
});

interface Props {
  me: Schemas["Profile"] | undefined;
  onMenu: () => void;
  onSearch: () => void;
}

export function TopBar({ me, onMenu, onSearch }: Props) {
  return (
    <header className="sticky top-0 z-20 flex h-12 items-center gap-2 border-b bg-canvas/90 px-3 backdrop-blur sm:px-6 lg:px-8">
      <Button
        aria-label="Open the navigation"
        className="-ml-1 px-2 lg:hidden"
        onClick={onMenu}
        tone="quiet"
      >
        <Icon name="menu" />
      </Button>
      <button
        className="flex h-8 min-w-0 flex-1 items-center gap-2 rounded-md border bg-surface px-2.5 text-sm text-muted transition-colors hover:border-line-strong sm:max-w-80"
        onClick={onSearch}
        type="button"
      >
        <Icon name="search" size={14} />
        <span className="truncate">Search or go to</span>
        <kbd className="ml-auto hidden rounded border px-1 font-mono text-2xs sm:inline">
          Ctrl K
        </kbd>
      </button>
      <div className="ml-auto flex items-center gap-1">{me ? <PersonMenu me={me} /> : null}</div>
    </header>
  );
}
