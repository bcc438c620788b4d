/** Where to go after log-in: `?next=`, which anybody may write into a link, so only a path of this origin counts. */

const OUTSIDE = ["/login", "/signup"];

/** Returns the path, query and fragment of `next`, or `/` where it leads elsewhere or to a log-in again. */
export function safeNext(next: unknown, origin: string = location.origin): string {
  if (typeof next !== "string" || !next.startsWith("/")) return "/";
  const url = parsed(next, origin);
  if (url?.origin !== origin || url.pathname.startsWith("//") || OUTSIDE.includes(url.pathname)) return "/";
  return url.pathname + url.search + url.hash;
}

function parsed(next: string, origin: string): URL | undefined {
  try {
    return new URL(next, origin);
  } catch {
    return undefined;
  }
}
