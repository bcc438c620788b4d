/** Durations as people type them: `90`, `90s`, `10m`, `1h30m`, `2d`. */

const UNITS: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** Returns the seconds; undefined for what is no duration. */
export function secondsOf(typed: string): number | undefined {
  const text = typed.replaceAll(/\s+/g, "").toLowerCase();
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text)) return Number(text);
  const [whole, ...parts] = /^(\d{1,7}d)?(\d{1,7}h)?(\d{1,7}m)?(\d{1,7}s)?$/.exec(text) ?? [];
  if (!whole) return undefined;
  return parts.reduce((sum, part) => sum + (part ? Number(part.slice(0, -1)) * (UNITS[part.slice(-1)] ?? 0) : 0), 0);
}
