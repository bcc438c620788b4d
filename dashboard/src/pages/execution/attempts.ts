/** An execution's attempts: those that ended, as the api tells them, and the one that is under way. */
import type { components } from "../../api/schema";
import { type Execution, isLive, type Status } from "../../live/execution";
import { endOf, type OutputEnd } from "../../live/wire";

/** An execution with its request and attempts; `readRev` is the `rev` with which the api told these. */
export type Detail = components["schemas"]["ExecutionDetail"] & Pick<Execution, "phase"> & { readRev: number };

export interface Attempt {
  number: number;
  /** Null for one that was handed back: of such the api tells nothing. */
  status: Status | null;
  startedAt?: string | undefined;
  endedAt?: string | undefined;
  exitCode?: number | undefined;
  error?: string | undefined;
  /** What proves its output complete; null where that was not recorded. */
  end: OutputEnd | null;
  /** Whether it writes nothing any more. */
  isOver: boolean;
}

/** So many are shown as tabs, the newest ones. */
const MOST = 20;

/** Returns the attempts, oldest first. One that an event ended is over only once the api was asked how. */
export function attemptsOf(detail: Detail): Attempt[] {
  const told = new Map((detail.attempts ?? []).map((each) => [each.attempt, each]));
  const last = Math.max(1, detail.attempt);
  const numbers = Array.from({ length: Math.min(MOST, last) }, (_, index) => Math.max(0, last - MOST) + index + 1);
  return numbers.map((number) => {
    const ended = told.get(number);
    if (ended) return { ...ended, number, end: endOf(ended), isOver: true };
    if (number < last) return { number, status: null, end: null, isOver: true };
    return current(detail, number);
  });
}

/** Returns the attempt of a URL's number; the newest for none, and for one that there is not. */
export function chosen(attempts: readonly Attempt[], asked: string | undefined): Attempt {
  const found = attempts.find((each) => String(each.number) === asked);
  return found ?? (attempts.at(-1) as Attempt);
}

/** Whether it ended in a way that is looked into by its first failure. */
export function isFailure(status: Status | null): boolean {
  return status === "FAILED" || status === "ERROR" || status === "TIMED_OUT";
}

function current(detail: Detail, number: number): Attempt {
  const { status, startedAt, endedAt, exitCode, error } = detail;
  return {
    number,
    status,
    startedAt,
    endedAt,
    exitCode,
    error,
    end: null,
    isOver: !isLive(detail) && detail.rev === detail.readRev,
  };
}
