"use client";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { covers } from "@/api/hooks";
import { classes } from "@/components/classes";
import { Icon } from "@/components/Icon";
import { Mark } from "@/shell/Mark";
import { LOWER_PLACES, PLACES, type Place } from "@/shell/places";

function PlaceLink({ place, here }: { place: Place; here: string }) {
  const active = here.startsWith(place.href);
  return (
    <li>
      <Link
        aria-current={active ? "page" : undefined}
        className={classes(
          "flex h-8 items-center gap-2.5 rounded-md px-2 text-sm transition-colors",
          active
            ? "bg-sunken font-medium text-ink"
            : "text-muted hover:bg-sunken/70 hover:text-ink",
        )}
        href={place.href}
      >
        <Icon className={active ? "text-accent-ink" : undefined} name={place.icon} />
        {place.name}
      </Link>
    </li>
  );
}

interface Props {
  scopes: readonly string[];
  name: string | undefined;
  open: boolean;
  onClose: () => void;
}

/** The way to every page one may see: a column on wide screens, a drawer on narrow ones. */
export function Navigation({ scopes, name, open, onClose }: Props) {
  const here = usePathname();
  const allowed = (place: Place) => covers(scopes, place.scope);
  return (
    <>
      {open ? (
        <button
          aria-label="Close the navigation"
          className="fixed inset-0 z-30 animate-fade bg-black/35 lg:hidden"
          data-covers-page
          onClick={onClose}
          type="button"
        />
      ) : null}
      <nav
        aria-label="Pages"
        className={classes(
          "fixed inset-y-0 left-0 z-40 w-60 shrink-0 flex-col gap-5 border-r bg-canvas px-3 py-3 lg:sticky lg:top-0 lg:z-10 lg:flex lg:h-dvh lg:w-54",
          open ? "flex animate-fade shadow-float lg:shadow-none" : "hidden",
        )}
      >
        <Link className="flex h-8 items-center gap-2 rounded-md px-2" href="/overview/">
          <Mark />
          <span className="min-w-0">
            <span className="block truncate text-sm font-semibold tracking-tight">
              {name ?? "Bursar"}
            </span>
          </span>
        </Link>
        <ul className="flex flex-col gap-0.5">
          {PLACES.filter(allowed).map((place) => (
            <PlaceLink here={here} key={place.href} place={place} />
          ))}
        </ul>
        <ul className="mt-auto flex flex-col gap-0.5">
          {LOWER_PLACES.filter(allowed).map((place) => (
            <PlaceLink here={here} key={place.href} place={place} />
          ))}
        </ul>
        <p className="px-2 text-2xs text-faint">For education and research. No financial advice.</p>
      </nav>
    </>
  );
}
