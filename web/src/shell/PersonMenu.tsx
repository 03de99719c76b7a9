"use client";
import Link from "next/link";
import { DropdownMenu } from "radix-ui";
import type { Schemas } from "@/api/client";
import { Icon, type IconName } from "@/components/Icon";
import { inWords } from "@/figures/format";
import { useSignOut } from "@/shell/signOut";
import { useTheme, type ThemeChoice } from "@/state/theme";

const ITEM =
  "flex w-full cursor-pointer items-center gap-2.5 rounded px-2 py-1.5 text-sm outline-none data-highlighted:bg-sunken";
const THEMES: readonly (readonly [ThemeChoice, string, IconName])[] = [
  ["system", "Theme of the system", "screen"],
  ["light", "Light", "sun"],
  ["dark", "Dark", "moon"],
];

export function PersonMenu({ me }: { me: Schemas["Profile"] }) {
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
