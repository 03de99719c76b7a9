"use client";
import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { DropdownMenu } from "radix-ui";
import { answer, api, type Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { Icon, type IconName } from "@/components/Icon";
import { inWords } from "@/figures/format";
import { useTheme, type ThemeChoice } from "@/state/theme";

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

const ITEM =
  "flex w-full cursor-pointer items-center gap-2.5 rounded px-2 py-1.5 text-sm outline-none data-highlighted:bg-sunken";
const THEMES: readonly (readonly [ThemeChoice, string, IconName])[] = [
  ["system", "Theme of the system", "screen"],
  ["light", "Light", "sun"],
  ["dark", "Dark", "moon"],
];

function PersonMenu({ me }: { me: Schemas["Profile"] }) {
  const { choice, choose } = useTheme();
  const signOut = useSignOut();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <button
          aria-label={`${me.display_name}, ${me.role ?? "token"}`}
          className="flex size-8 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-ink uppercase"
          type="button"
        >
          {me.display_name.slice(0, 2)}
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          className="z-50 w-56 animate-rise rounded-lg border bg-raised p-1 shadow-float"
          sideOffset={6}
        >
          <DropdownMenu.Label className="px-2 py-1.5 text-sm">
            <span className="block font-medium">{me.display_name}</span>
            <span className="block text-xs text-muted">
              {me.role ? inWords(me.role) : "API token"}
            </span>
          </DropdownMenu.Label>
          <DropdownMenu.Separator className="my-1 border-t" />
          <DropdownMenu.RadioGroup
            onValueChange={(value) => choose(value as ThemeChoice)}
            value={choice}
          >
            {THEMES.map(([value, text, icon]) => (
              <DropdownMenu.RadioItem
                className={ITEM}
                key={value}
                onSelect={(event) => event.preventDefault()}
                value={value}
              >
                <Icon className="text-muted" name={icon} size={14} />
                {text}
                <DropdownMenu.ItemIndicator className="ml-auto">
                  <Icon name="check" size={14} />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 border-t" />
          <DropdownMenu.Item asChild className={ITEM}>
            <Link href="/settings/">
              <Icon className="text-muted" name="settings" size={14} />
              Settings
            </Link>
          </DropdownMenu.Item>
          <DropdownMenu.Item asChild className={ITEM}>
            <a href="/docs">
              <Icon className="text-muted" name="file" size={14} />
              API reference
            </a>
          </DropdownMenu.Item>
          <DropdownMenu.Item className={ITEM} onSelect={() => signOut.mutate()}>
            <Icon className="text-muted" name="leave" size={14} />
            Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** End the session and leave: the whole page is loaded anew, so that nothing stays in memory. */
export function useSignOut() {
  return useMutation({
    mutationFn: () => answer(api.POST("/api/v1/auth/logout", { body: {} })),
    onSuccess: () => window.location.replace("/sign-in/?signed-out"),
  });
}
