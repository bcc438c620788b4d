/** Times in words: how long something took, and when it was. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Returns `12 s` under a minute, then `1:42`, `2:03:04`, `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds >= DAY) return `${Math.floor(seconds / DAY)} d ${Math.floor((seconds % DAY) / HOUR)} h`;
  const parts = [Math.floor(seconds / HOUR), Math.floor((seconds % HOUR) / MINUTE), seconds % MINUTE];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Returns the time of day where it is today at `now`, else the date with it. */
export function clockTime(at: number, now: number): string {
  const [then, today] = [new Date(at), new Date(now)];
  const time = then.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
  if (then.toDateString() === today.toDateString()) return time;
  const year = then.getFullYear() === today.getFullYear() ? {} : { year: "numeric" as const };
  return `${then.toLocaleDateString(undefined, { month: "short", day: "numeric", ...year })} ${time}`;
}

/** Returns the whole time, with its zone, as a title tells it. */
export function fullTime(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
}
