import { expect, test } from "vitest";
import type { Execution } from "../../../src/live/execution";
import { summary } from "../../../src/pages/executions/activity/summary";
import { nameOf, told, visible } from "../../../src/pages/executions/list/told";
import { execution } from "../parts/execution";

test.each<[Partial<Execution>, string]>([
  [{ status: "PENDING", attempt: 0, queuePosition: 2 }, "#2 in queue"],
  [{ status: "PENDING", attempt: 0, queuePosition: 1, pool: "gpu" }, "#1 in queue (pool gpu)"],
  [{ status: "PENDING", attempt: 1, maxAttempts: 3 }, "attempt 2 of 3"],
  [{ status: "RUNNING", attempt: 1, maxAttempts: 3 }, ""],
  [{ status: "RUNNING", attempt: 2, maxAttempts: 3, phase: "pulling" }, "pulling the image · attempt 2 of 3"],
  [{ status: "RUNNING", attempt: 4, maxAttempts: 3 }, "attempt 4"],
  [{ status: "FAILED", exitCode: 137, error: "killed" }, "exit 137 · killed"],
  [{ status: "PASSED", exitCode: 0 }, ""],
  [{ status: "UNSTABLE", attempt: 2, maxAttempts: 2 }, "passed on attempt 2"],
  [{ status: "ERROR", error: "a\u202eb\nc" }, "a‹U+202E›b c"],
])("%j is told as %j", (state, expected) => {
  expect(told(execution("a", state))).toBe(expected);
});

test("what is invisible or turns text around is shown as its code, and lines are one", () => {
  expect(visible("a\r\n\tb\u0000\u200b\u2066é👩‍🚀")).toBe("a b‹U+0000›‹U+200B›‹U+2066›é👩‍🚀");
  expect(nameOf(execution("id", { image: "x", command: "\u202ey" }))).toBe("x · ‹U+202E›y");
  expect(nameOf(execution("id"))).toBe("id");
});

test("the last hour is told in words", () => {
  const bucket = (running: number, waiting: number) => ({ at: "", running, waiting });
  expect(summary({ buckets: [bucket(3, 0), bucket(1, 2)] })).toBe(
    "This minute up to 1 running and 2 waiting; in the last hour up to 3 and 2.",
  );
  expect(summary({ buckets: [bucket(0, 0)] })).toContain("Nothing");
  expect(summary({ buckets: [] })).toContain("Nothing");
});
