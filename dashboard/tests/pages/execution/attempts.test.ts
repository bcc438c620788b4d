import { expect, test } from "vitest";
import { attemptsOf, chosen, type Detail, isFailure } from "../../../src/pages/execution/attempts";

const output = { lastSeq: 2, bytes: 10, sha256: "ab", lines: 3 };
const failed = { attempt: 1, status: "FAILED", endedAt: "2026-01-01T00:00:09Z", exitCode: 3, output } as const;

function detail(given: Partial<Detail>): Detail {
  const times = { createdAt: "2026-01-01T00:00:00Z", updatedAt: "2026-01-01T00:00:00Z" };
  const known = { taskId: "t", organizationId: "o", status: "RUNNING", rev: 3, readRev: 3, attempt: 1, source: "api" };
  const rest = { pool: "default", priority: 0, maxAttempts: 1, attempts: [], request: {} };
  return { ...times, ...known, ...rest, ...given } as Detail;
}

test("what waits for its first attempt has one, which is not over", () => {
  const attempts = attemptsOf(detail({ attempt: 0, status: "PENDING" }));
  expect(attempts).toMatchObject([{ number: 1, status: "PENDING", end: null, isOver: false }]);
});

test("those that ended stand before the one under way, with what proves them", () => {
  const attempts = attemptsOf(detail({ attempt: 2, attempts: [failed] }));
  expect(attempts).toMatchObject([
    { number: 1, status: "FAILED", exitCode: 3, end: output, isOver: true },
    { number: 2, status: "RUNNING", end: null, isOver: false },
  ]);
});

test("one that was handed back is told as that", () => {
  const attempts = attemptsOf(detail({ attempt: 3, attempts: [{ ...failed, attempt: 2 }] }));
  expect(attempts[0]).toEqual({ number: 1, status: null, end: null, isOver: true });
});

test("an attempt that an event ended is over once the api was asked how", () => {
  const told = detail({ status: "PASSED", rev: 4 });
  expect(attemptsOf(told)[0]).toMatchObject({ status: "PASSED", isOver: false });
  expect(attemptsOf({ ...told, readRev: 4 })[0]).toMatchObject({ status: "PASSED", isOver: true, end: null });
});

test("of very many the newest are shown", () => {
  const attempts = attemptsOf(detail({ attempt: 1000 }));
  expect(attempts.map((each) => each.number)).toEqual(Array.from({ length: 20 }, (_, index) => 981 + index));
});

test.each([
  ["1", 1],
  ["2", 2],
  ["", 2],
  [undefined, 2],
  ["99", 2],
  ["-1", 2],
  ["__proto__", 2],
])("the attempt of %j is %i", (asked, number) => {
  expect(chosen(attemptsOf(detail({ attempt: 2, attempts: [failed] })), asked).number).toBe(number);
});

test("failures are what ended badly by itself", () => {
  const all = ["FAILED", "ERROR", "TIMED_OUT", "PASSED", "UNSTABLE", "CANCELLED", "RUNNING", null] as const;
  expect(all.filter(isFailure)).toEqual(["FAILED", "ERROR", "TIMED_OUT"]);
});
