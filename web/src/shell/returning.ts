/** Signing in leads back to the page asked for, and never to another site. */

const HOME = "/overview/";

export function signInAddress(wanted: string): string {
  return wanted === HOME ? "/sign-in/" : `/sign-in/?next=${encodeURIComponent(wanted)}`;
}

/** Return the page to show after signing in: a path of this site, else the overview. */
export function pageAfterSignIn(next: string | null): string {
  if (!next?.startsWith("/") || next.startsWith("//") || next.includes("\\")) return HOME;
  const target = new URL(next, window.location.origin);
  if (target.origin !== window.location.origin || target.pathname.startsWith("/sign-in"))
    return HOME;
  return target.pathname + target.search + target.hash;
}
