/** What stands beside a line: nothing, the time of day, the time since the beginning, or since the line before. */
export type TimeMode = "off" | "clock" | "start" | "line";

/** A line's time as text. `before` is the time of the line before it. */
export function timeText(mode: TimeMode, ts: number, start: number, before: number): string {
  if (mode === "off") return "";
  if (mode === "clock") return clock(ts);
  return mode === "start" ? duration(ts - start) : `+${duration(ts - before)}`;
}

function clock(ts: number): string {
  const date = new Date(ts);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${parts.join(":")}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function duration(ms: number): string {
  const positive = Math.max(0, ms);
  const seconds = (positive / 1000) % 60;
  const minutes = Math.floor(positive / 60_000) % 60;
  const hours = Math.floor(positive / 3_600_000);
  const short = `${String(minutes).padStart(hours > 0 ? 2 : 1, "0")}:${seconds.toFixed(3).padStart(6, "0")}`;
  return hours > 0 ? `${hours}:${short}` : short;
}
