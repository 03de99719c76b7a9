"use client";
import { useRouter } from "next/navigation";
import { useState, type KeyboardEvent } from "react";
import { covers, useAccounts, useInstruments } from "@/api/hooks";
import { classes } from "@/components/classes";
import { Icon, type IconName } from "@/components/Icon";
import { Sheet } from "@/components/Sheet";
import { inWords } from "@/figures/format";
import { DEEPER_PLACES, LOWER_PLACES, PLACES } from "@/shell/places";
import { useSignOut } from "@/shell/signOut";
import { useTheme } from "@/state/theme";

export interface Command {
  id: string;
  group: string;
  name: string;
  detail: string;
  icon: IconName;
  run: () => void;
}

const SHOWN_MAX = 12;

/** Keep commands that contain every word; names that start with the text come first. */
export function matching(commands: readonly Command[], text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = commands.filter((command) => {
    const all = `${command.name} ${command.detail} ${command.group}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
  const rank = (command: Command) =>
    command.name.toLowerCase().startsWith(words[0] ?? "") ? 0 : 1;
  return (words.length === 0 ? fits : [...fits].sort((a, b) => rank(a) - rank(b))).slice(
    0,
    SHOWN_MAX,
  );
}

function useCommands(scopes: readonly string[]): Command[] {
  const router = useRouter();
  const accounts = useAccounts();
  const instruments = useInstruments();
  const { shown, choose } = useTheme();
  const signOut = useSignOut();
  const go = (href: string) => () => router.push(href);
  const pages = [...PLACES, ...DEEPER_PLACES, ...LOWER_PLACES]
    .filter((place) => covers(scopes, place.scope))
    .map((place) => ({
      id: place.href,
      group: "Page",
      name: place.name,
      detail: place.also,
      icon: place.icon,
      run: go(place.href),
    }));
  const held = (accounts.data?.items ?? []).map((account) => ({
    id: account.id,
    group: "Account",
    name: account.name,
    detail: `${inWords(account.kind)} ${account.institution ?? ""}`,
    icon: "accounts" as const,
    run: go(`/accounts/detail/?id=${account.id}`),
  }));
  const known = (instruments.data?.items ?? []).map((instrument) => ({
    id: instrument.id,
    group: "Instrument",
    name: instrument.name,
    detail: `${instrument.ticker ?? ""} ${inWords(instrument.kind)}`,
    icon: "prices" as const,
    run: go(`/prices/instrument/?id=${instrument.id}`),
  }));
  const other = shown === "dark" ? "light" : "dark";
  return [
    ...pages,
    ...held,
    ...known,
    {
      id: "theme",
      group: "Do",
      name: `Switch to the ${other} theme`,
      detail: "appearance",
      icon: other === "dark" ? "moon" : "sun",
      run: () => choose(other),
    },
    {
      id: "api",
      group: "Do",
      name: "Open the API reference",
      detail: "documentation docs",
      icon: "file",
      run: () => window.location.assign("/docs"),
    },
    {
      id: "leave",
      group: "Do",
      name: "Sign out",
      detail: "end session",
      icon: "leave",
      run: () => signOut.mutate(),
    },
  ];
}

export function CommandPalette({
  scopes,
  onClose,
}: {
  scopes: readonly string[];
  onClose: () => void;
}) {
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const found = matching(useCommands(scopes), text);
  const index = Math.min(active, Math.max(0, found.length - 1));

  function run(command: Command | undefined) {
    if (!command) return;
    onClose();
    command.run();
  }

  function pressed(event: KeyboardEvent) {
    if (event.key === "ArrowDown") setActive((index + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp")
      setActive((index - 1 + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") run(found[index]);
    else return;
    event.preventDefault();
  }

  return (
    <Sheet as="dialog" onClose={onClose} open title="Search or go to">
      <input
        aria-activedescendant={found[index] ? `command-${found[index].id}` : undefined}
        aria-autocomplete="list"
        aria-controls="commands"
        aria-expanded="true"
        aria-label="Search pages, accounts and instruments"
        autoComplete="off"
        className="h-9 w-full rounded-md border border-line-strong bg-surface px-3 text-base outline-none focus:border-accent"
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={pressed}
        placeholder="Type a page, an account, an instrument"
        role="combobox"
        value={text}
      />
      <ul aria-label="Found" className="-mx-2 mt-3" id="commands" role="listbox">
        {found.map((command, position) => (
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- keys are handled by the field, which keeps the focus
          <li
            aria-selected={position === index}
            className={classes(
              "flex cursor-pointer items-center gap-3 rounded-md px-2 py-1.5 text-sm",
              position === index && "bg-sunken",
            )}
            id={`command-${command.id}`}
            key={command.id}
            onClick={() => run(command)}
            onMouseMove={() => setActive(position)}
            role="option"
          >
            <Icon className="text-muted" name={command.icon} />
            <span className="min-w-0 flex-1 truncate">{command.name}</span>
            <span className="text-xs text-muted">{command.group}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 ? (
        <p className="py-6 text-center text-sm text-muted">Nothing is called that.</p>
      ) : null}
    </Sheet>
  );
}
