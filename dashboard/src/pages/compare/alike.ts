/** Which lines of two outputs count as equal: whatever their colours, and the digits in times and durations. */
import { stripSgr } from "../../log/sgr";

const DATES = /\d{4}-\d{2}-\d{2}/g;
const TIMES = /\d{1,3}(?::\d{2}){1,2}(?:[.,]\d+)?/g;
const DURATIONS = /\d+(?:[.,]\d+)?(?=\s?(?:ns|[µu]s|ms|s|sec|secs|seconds?|m|min|minutes?|h|hours?)\b)/g;

/** Returns what a line is compared by. */
export function keyOf(line: string): string {
  const plain = stripSgr(line).replace(/\r$/, "");
  return /\d/.test(plain) ? plain.replace(DATES, "#").replace(TIMES, "#").replace(DURATIONS, "#") : plain;
}
