/** The period of charts: whole days of this browser's zone, today the last of them. */

export const RANGES = { "7d": 7, "30d": 30, "90d": 90 } as const;
export type Range = keyof typeof RANGES;

/** Reads `?range=`; 30 days is what anything else means. */
export function rangeOf(text: string | undefined): Range {
  return text !== undefined && Object.hasOwn(RANGES, text) ? (text as Range) : "30d";
}

/** Returns when it begins: a midnight, so that each bar is a day. */
export function beginOf(range: Range, now: number): string {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - RANGES[range] + 1);
  return day.toISOString();
}

/** By how many minutes this browser's clock is ahead of UTC. */
export function offsetMinutes(now: number): number {
  return -new Date(now).getTimezoneOffset();
}
