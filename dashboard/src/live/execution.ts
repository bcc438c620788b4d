/** An execution's state as events and answers bring it: which of two is the newer one, and what is still to come. */
import type { components } from "../api/schema";

/** A row of the list, or as much of one as an event or a detail has. */
export type Execution = components["schemas"]["ExecutionRow"];
export type Status = components["schemas"]["Status"];

/** The statuses that still change. */
export const LIVE: readonly Status[] = ["PENDING", "RUNNING", "ANALYZING"];

export function isLive(execution: Pick<Execution, "status">): boolean {
  return LIVE.includes(execution.status);
}

/** Whether `one` is newer than `other` of the same id: another execution under it, or a later state. */
export function isNewer(one: Execution, other: Execution): boolean {
  const [here, there] = [Date.parse(one.createdAt), Date.parse(other.createdAt)];
  return here === there ? one.rev > other.rev : here > there;
}

/** Returns `old` with what a newer state says; a field that it lacks is no more, but for what only lists tell. */
export function updated<Kept extends Execution>(old: Kept, state: Execution): Kept {
  const gone = { startedAt: undefined, endedAt: undefined, exitCode: undefined, error: undefined, phase: undefined };
  const waiting = state.status === "PENDING" ? {} : { queuePosition: undefined };
  return { ...old, ...gone, ...waiting, ...state };
}
