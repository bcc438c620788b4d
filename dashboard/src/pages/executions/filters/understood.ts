/** What a URL's filters mean: what cannot be meant is left out and named, and the list goes on without it. */
import type { Filters } from "../../../live/filters";
import { isStatus } from "./statuses";

export interface Understood {
  filters: Filters;
  /** What was left out, in words. */
  ignored: string[];
}

const DAY_MS = 86_400_000;
const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: DAY_MS };
const MOST_DAYS = 3650;
const POOL = /^[A-Za-z0-9._-]{1,64}$/;

type Rule = (value: string) => { value?: string | undefined; why?: string };

const RULES: { [Name in keyof Filters]-?: Rule } = {
  status: statuses,
  image: (value) =>
    value.slice(0, -1).includes("*") || value.length > 512 ? { why: "takes a * at its end only" } : { value },
  by: (value) => (value.length > 256 ? { why: "is too long to be an id" } : { value }),
  pool: (value) => (POOL.test(value) ? { value } : { why: "is no name of a pool" }),
  since: (value) => (sinceTime(value, 0) === undefined ? { why: "is no time: try 24h, 7d or 2026-01-31" } : { value }),
  q: (value) => (value.length > 256 ? { value: value.slice(0, 256), why: "was cut to 256 characters" } : { value }),
};

/** Reads the filters of a URL, whatever stands there. */
export function understood(raw: Filters): Understood {
  const filters: Filters = {};
  const ignored: string[] = [];
  for (const name of Object.keys(RULES) as (keyof Filters)[]) {
    const given = raw[name];
    if (!given) continue;
    const { value, why } = RULES[name](given);
    if (value) filters[name] = value;
    if (why) ignored.push(`${name} ${why}`);
  }
  return { filters, ignored };
}

/** Returns the time that `since` means at `now`: `30m`, `24h` and `7d` count from there; undefined if it means none. */
export function sinceTime(since: string, now: number): number | undefined {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(since) ?? [];
  if (count && unit) return Number(count) * (UNITS[unit] ?? 0) > MOST_DAYS * DAY_MS ? undefined : ago(now, count, unit);
  const at = /^\d{4}-\d\d-\d\d/.test(since) ? Date.parse(since) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function ago(now: number, count: string, unit: string): number {
  return now - Number(count) * (UNITS[unit] ?? 0);
}

function statuses(value: string): { value?: string | undefined; why?: string } {
  const given = [...new Set(value.split(",").map((each) => each.trim()))].filter(Boolean);
  const known = given.filter(isStatus);
  const why = known.length < given.length ? { why: "has what is no status" } : {};
  return { value: known.join(",") || undefined, ...why };
}
