/** An execution for tests, of which only what matters is said. */
import type { Execution } from "../../../src/live/execution";

export function execution(taskId: string, more: Partial<Execution> = {}): Execution {
  return {
    taskId,
    organizationId: "acme",
    status: "PASSED",
    rev: 1,
    attempt: 1,
    source: "api",
    createdAt: "2026-03-10T12:00:00.000Z",
    updatedAt: "2026-03-10T12:00:00.000Z",
    pool: "default",
    priority: 0,
    maxAttempts: 1,
    ...more,
  };
}

/** So many seconds after noon. */
export function at(seconds: number): string {
  return new Date(Date.parse("2026-03-10T12:00:00.000Z") + seconds * 1000).toISOString();
}
