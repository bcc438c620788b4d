/** The order of the list: what waits, what runs, and then the newest, a day at a time. */
import { type Execution, isLive } from "../../../live/execution";

export interface Section {
  /** Tells it from others; stays the same while rows come and go. */
  key: string;
  /** What stands above it; nothing above what has not ended. */
  heading: string | undefined;
  rows: readonly Execution[];
}

export const LIVE_KEY = "live";

/** Returns the rows in sections, none of them empty; each execution once, in its newest state. */
export function sectionsOf(executions: readonly Execution[], now: number): Section[] {
  const rows = [...executions].sort(newestFirst);
  const waiting = rows.filter((row) => row.status === "PENDING");
  const running = rows.filter((row) => isLive(row) && row.status !== "PENDING");
  const sections = [...waiting, ...running].length
    ? [{ key: LIVE_KEY, heading: undefined, rows: [...waiting, ...running] }]
    : [];
  return [
    ...sections,
    ...days(
      rows.filter((row) => !isLive(row)),
      now,
    ),
  ];
}

/** Compares by time of creation, as the api lists: newest first, and by id where that is the same. */
export function newestFirst(one: Execution, other: Execution): number {
  return Date.parse(other.createdAt) - Date.parse(one.createdAt) || (other.taskId < one.taskId ? -1 : 1);
}

function days(rows: readonly Execution[], now: number): Section[] {
  const found = new Map<string, Execution[]>();
  for (const row of rows) {
    const key = dayKey(Date.parse(row.createdAt));
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  return [...found].map(([key, ofDay]) => ({
    key,
    heading: dayName(Date.parse(ofDay[0]?.createdAt ?? ""), now),
    rows: ofDay,
  }));
}

function dayKey(at: number): string {
  const day = new Date(at);
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`;
}

function dayName(at: number, now: number): string {
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (dayKey(at) === dayKey(now)) return "today";
  if (dayKey(at) === dayKey(yesterday.getTime())) return "yesterday";
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" as const };
  return new Date(at).toLocaleDateString(undefined, { weekday: "short", month: "short", day: "numeric", ...year });
}
