/** When a read is tried again by itself. What changes something never is: a person decides. */
import { ApiError } from "./problem";

const MOST = 3;
const LONGEST_MS = 15_000;

/** Whether to ask again after so many failures: only what may pass by itself. */
export function shouldRetry(failures: number, error: unknown): boolean {
  return failures < MOST && error instanceof ApiError && error.temporary;
}

/** After how many milliseconds: as the api says, else twice as long each time, spread by half. */
export function retryDelay(failures: number, error: unknown, random: () => number = Math.random): number {
  const wait = error instanceof ApiError ? error.retryAfterMs : undefined;
  return wait ?? Math.min(500 * 2 ** failures, LONGEST_MS) * (0.75 + random() / 2);
}
