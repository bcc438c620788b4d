/** The query of a URL as plain text by name, as people write it: `?q=123` is text, and a name that comes twice a list. */

/** Reads `?status=FAILED&status=ERROR` as `{ status: "FAILED,ERROR" }`. */
export function parseSearch(query: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (value) found[name] = Object.hasOwn(found, name) ? `${found[name]},${value}` : value;
  }
  return found;
}

/** Writes it again, without what is empty; commas, colons and slashes stay as they are, to be read. */
export function stringifySearch(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text && `?${text}`;
}

/** Returns a reader of those names only; what else stands in a URL is ignored. */
export function only<Name extends string>(
  ...names: Name[]
): (raw: Record<string, unknown>) => { [Key in Name]?: string } {
  return (raw) => {
    const given = names.filter((name) => typeof raw[name] === "string" && raw[name] !== "");
    return Object.fromEntries(given.map((name) => [name, raw[name]])) as { [Key in Name]?: string };
  };
}
