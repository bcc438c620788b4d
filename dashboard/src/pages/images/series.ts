/** Columns for the charts out of what the api tells. */
import type { components } from "../../api/schema";
import { failedOf } from "./outcome";

type Day = components["schemas"]["DayOutcome"];
type Point = components["schemas"]["Point"];

/** The kinds that are told apart, each a series of its own: what stands above lies behind. */
export const KINDS = [
  { name: "failed", tone: "red" },
  { name: "unstable", tone: "yellow" },
  { name: "passed", tone: "green" },
] as const;

/** A column of times in seconds, and one of values for each kind. */
export type Columns = [number[], ...(number | null)[][]];

/** Returns bars that stand on each other: each kind's top, failed ones uppermost. */
export function dayColumns(days: readonly Day[]): Columns {
  return [
    days.map(({ day }) => new Date(`${day}T00:00:00`).getTime() / 1000),
    days.map(({ counts }) => counts.PASSED + counts.UNSTABLE + failedOf(counts)),
    days.map(({ counts }) => counts.PASSED + counts.UNSTABLE),
    days.map(({ counts }) => counts.PASSED),
  ];
}

/** Returns one dot an execution, in seconds, the oldest first; those that were cancelled tell nothing. */
export function pointColumns(points: readonly Point[]): { columns: Columns; taskIds: string[] } {
  const judged = points.filter((point) => point.status !== "CANCELLED").toReversed();
  judged.sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  const of = (kind: string) => judged.map((each) => (kindOf(each.status) === kind ? each.durationMs / 1000 : null));
  const times = judged.map((point) => Date.parse(point.startedAt) / 1000);
  return { columns: [times, ...KINDS.map(({ name }) => of(name))], taskIds: judged.map((point) => point.taskId) };
}

function kindOf(status: string): string {
  if (status === "PASSED") return "passed";
  return status === "UNSTABLE" ? "unstable" : "failed";
}
