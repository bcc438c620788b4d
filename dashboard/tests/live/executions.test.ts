import { type InfiniteData, QueryClient } from "@tanstack/react-query";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Execution, isNewer, updated } from "../../src/live/execution";
import { bring, type ExecutionPage, executionKeys, inList } from "../../src/live/executions";
import { matches } from "../../src/live/filters";

type List = InfiniteData<ExecutionPage, string | undefined>;

function execution(taskId: string, more: Partial<Execution> = {}): Execution {
  const times = { createdAt: "2026-01-01T00:00:00.000Z", updatedAt: "2026-01-01T00:00:00.000Z" };
  return {
    taskId,
    organizationId: "acme",
    status: "PENDING",
    rev: 1,
    attempt: 1,
    source: "api",
    ...times,
    ...more,
  } as Execution;
}

const listOf = (...pages: Execution[][]): List => ({
  pages: pages.map((executions) => ({ executions, nextCursor: null, live: { PENDING: 0, RUNNING: 0, ANALYZING: 0 } })),
  pageParams: pages.map(() => undefined),
});
const ids = (list: List) => list.pages.map((page) => page.executions.map((each) => each.taskId));

test("a newer state replaces its row where it stands, and an older or the same one changes nothing", () => {
  const list = listOf([execution("a", { rev: 4 })], [execution("b", { rev: 4 })]);
  const after = inList(list, execution("b", { rev: 5, status: "RUNNING" }), {});
  expect(after.pages[1]?.executions[0]).toMatchObject({ rev: 5, status: "RUNNING" });
  expect(after.pages[0]).toBe(list.pages[0]);
  expect(inList(list, execution("b", { rev: 4, status: "FAILED" }), {})).toBe(list);
  expect(inList(list, execution("b", { rev: 3, status: "FAILED" }), {})).toBe(list);
});

test("another execution under the same id begins anew, whatever its rev", () => {
  const list = listOf([execution("a", { rev: 9, status: "PASSED", exitCode: 0 })]);
  const again = execution("a", { rev: 1, createdAt: "2026-01-02T00:00:00.000Z" });
  const [row] = inList(list, again, {}).pages[0]?.executions ?? [];
  expect(row).toMatchObject({ rev: 1, status: "PENDING" });
  expect(row?.exitCode).toBeUndefined();
  expect(inList(listOf([again]), execution("a", { rev: 12 }), {}).pages[0]?.executions[0]).toBe(again);
});

test("what only the list told is kept, and what a state lacks is gone", () => {
  const before = execution("a", { command: "pytest -q", queuePosition: 2, startedAt: "x", error: "lost" });
  expect(updated(before, execution("a", { rev: 2, status: "RUNNING" }))).toMatchObject({ command: "pytest -q" });
  expect(updated(before, execution("a", { rev: 2, status: "RUNNING" })).queuePosition).toBeUndefined();
  expect(updated(before, execution("a", { rev: 2 }))).toMatchObject({
    queuePosition: 2,
    error: undefined,
    startedAt: undefined,
  });
});

test("a new execution goes on top where it belongs, and nowhere else", () => {
  const old = execution("a");
  const fresh = execution("b", { createdAt: "2026-01-01T00:00:01.000Z", image: "node:22" });
  expect(ids(inList(listOf([old]), fresh, {}))).toEqual([["b", "a"]]);
  expect(ids(inList(listOf([]), fresh, { image: "node:*" }))).toEqual([["b"]]);
  expect(ids(inList(listOf([old]), fresh, { image: "alpine:3" }))).toEqual([["a"]]);
  expect(ids(inList(listOf([fresh]), execution("c"), {}))).toEqual([["b"]]);
});

test("in any order, with doubles, a row ends with its newest state", () => {
  const states = Array.from({ length: 6 }, (_, rev) => execution("a", { rev: rev + 1, exitCode: rev }));
  fc.assert(
    fc.property(fc.shuffledSubarray([...states, ...states], { minLength: 6 }), (arrived) => {
      const last = arrived.reduce((list, state) => inList(list, state, {}), listOf([execution("a", { rev: 0 })]));
      const newest = arrived.reduce((one, other) => (isNewer(other, one) ? other : one));
      expect(last.pages[0]?.executions).toHaveLength(1);
      expect(last.pages[0]?.executions[0]?.rev).toBe(newest.rev);
    }),
  );
});

test("a state reaches the detail, too, and its end has the attempts read again", () => {
  const client = new QueryClient();
  client.setQueryData(executionKeys.one("a"), execution("a", { rev: 2, status: "RUNNING" }));
  bring(client, execution("a", { rev: 3, status: "RUNNING" }));
  expect(client.getQueryState(executionKeys.one("a"))?.isInvalidated).toBe(false);
  bring(client, execution("a", { rev: 4, status: "PASSED" }));
  expect(client.getQueryData(executionKeys.one("a"))).toMatchObject({ status: "PASSED" });
  expect(client.getQueryState(executionKeys.one("a"))?.isInvalidated).toBe(true);
  bring(client, execution("other"));
  expect(client.getQueryData(executionKeys.one("other"))).toBeUndefined();
});

test.each<[Parameters<typeof matches>[0], boolean]>([
  [{}, true],
  [{ status: "FAILED,RUNNING" }, true],
  [{ status: "FAILED" }, false],
  [{ image: "node:22" }, true],
  [{ image: "node" }, false],
  [{ image: "no*" }, true],
  [{ by: "u1" }, true],
  [{ by: "u2" }, false],
  [{ pool: "default" }, true],
  [{ pool: "gpu" }, false],
  [{ since: "2025-12-31T00:00:00Z" }, true],
  [{ since: "2026-01-02T00:00:00Z" }, false],
  [{ since: "nonsense" }, true],
  [{ q: "NODE" }, true],
  [{ q: "TASK-1" }, true],
  [{ q: "python" }, false],
])("%j matches: %s", (filters, expected) => {
  const one = execution("task-1", {
    status: "RUNNING",
    image: "node:22",
    requestedBy: { userId: "u1" },
    pool: "default",
  });
  expect(matches(filters, one)).toBe(expected);
});
