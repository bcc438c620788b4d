/** The statuses as filters: by name, and in the groups that people look for. */
import { LIVE, type Status } from "../../../live/execution";

/** Those that an execution ends with. */
export const ENDED: readonly Status[] = ["PASSED", "UNSTABLE", "FAILED", "ERROR", "TIMED_OUT", "CANCELLED"];
export const STATUSES: readonly Status[] = [...LIVE, ...ENDED];

/** What one button asks for. */
export const GROUPS = [
  { label: "Running", statuses: ["RUNNING", "ANALYZING"] },
  { label: "Waiting", statuses: ["PENDING"] },
  { label: "Failed", statuses: ["FAILED", "ERROR", "TIMED_OUT"] },
] as const satisfies readonly { label: string; statuses: readonly Status[] }[];

export function isStatus(text: string): text is Status {
  return (STATUSES as readonly string[]).includes(text);
}

/** The statuses of a filter; none is all. */
export function listed(filter: string | undefined): Status[] {
  return (filter ?? "").split(",").filter(isStatus);
}

/** Returns the filter with all of these in it or, where it has them all, with none of them. */
export function toggled(filter: string | undefined, some: readonly Status[]): string | undefined {
  const before = listed(filter);
  const all = some.every((each) => before.includes(each));
  const after = all ? before.filter((each) => !some.includes(each)) : [...before, ...some];
  return STATUSES.filter((each) => after.includes(each)).join(",") || undefined;
}
