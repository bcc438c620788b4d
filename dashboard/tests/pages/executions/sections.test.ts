import fc from "fast-check";
import { expect, test } from "vitest";
import type { Execution } from "../../../src/live/execution";
import { arranged } from "../../../src/pages/executions/list/hold";
import { type Section, sectionsOf } from "../../../src/pages/executions/list/sections";
import { at, execution } from "../parts/execution";

const NOW = Date.parse("2026-03-10T12:30:00.000Z");
const DAY = 86_400;

const ids = (sections: readonly Section[]) => sections.map(({ rows }) => rows.map(({ taskId }) => taskId));

test("what waits stands first, then what runs, however old, then the newest by the day", () => {
  const sections = sectionsOf(
    [
      execution("passed", { createdAt: at(50) }),
      execution("yesterday", { createdAt: at(-DAY) }),
      execution("long ago", { createdAt: at(-400 * DAY) }),
      execution("for days", { status: "RUNNING", createdAt: at(-3 * DAY) }),
      execution("waiting", { status: "PENDING", createdAt: at(10) }),
      execution("analyzing", { status: "ANALYZING", createdAt: at(20) }),
      execution("failed", { status: "FAILED", createdAt: at(60) }),
    ],
    NOW,
  );
  expect(ids(sections)).toEqual([
    ["waiting", "analyzing", "for days"],
    ["failed", "passed"],
    ["yesterday"],
    ["long ago"],
  ]);
  expect(sections.map(({ heading }) => heading).slice(0, 3)).toEqual([undefined, "today", "yesterday"]);
  expect(sections[3]?.heading).toContain("2025");
});

test("held rows change their state where they stand, and new ones are counted", () => {
  const before = [execution("a", { status: "RUNNING" }), execution("b", { createdAt: at(-60) })];
  const held = sectionsOf(before, NOW);
  const after = [execution("new", { status: "PENDING", createdAt: at(90) }), execution("a", { rev: 2 }), before[1]];
  const { sections, fresh } = arranged(held, after as Execution[], NOW);
  expect(ids(sections)).toEqual([["a"], ["b"]]);
  expect(sections[0]?.rows[0]).toMatchObject({ status: "PASSED", rev: 2 });
  expect(fresh).toBe(1);
  expect(ids(arranged(undefined, after as Execution[], NOW).sections)).toEqual([["new"], ["a", "b"]]);
});

test("older ones that were loaded meanwhile go below held rows, on their days, also with something old that runs", () => {
  const before = [execution("old", { status: "RUNNING", createdAt: at(-9 * DAY) }), execution("a")];
  const held = sectionsOf(before, NOW);
  const more = [execution("b", { createdAt: at(-60) }), execution("c", { createdAt: at(-2 * DAY) })];
  const { sections, fresh } = arranged(held, [...before, ...more], NOW);
  expect(ids(sections)).toEqual([["old"], ["a", "b"], ["c"]]);
  expect(fresh).toBe(0);
});

test("whatever comes and goes, held rows stay in their order, each once, and nothing is lost from the count", () => {
  const row = fc.record({ id: fc.nat(30), age: fc.nat(200_000), live: fc.boolean() });
  const list = fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 20 });
  const made = (rows: { id: number; age: number; live: boolean }[]) =>
    rows.map(({ id, age, live }) =>
      execution(String(id), { createdAt: at(-age), status: live ? "RUNNING" : "PASSED" }),
    );
  fc.assert(
    fc.property(list, list, (one, other) => {
      const held = sectionsOf(made(one), NOW);
      const { sections, fresh } = arranged(held, made(other), NOW);
      const [was, is] = [ids(held).flat(), ids(sections).flat()];
      expect(is.filter((id) => was.includes(id))).toEqual(was);
      expect(new Set(is).size).toBe(is.length);
      const others = other.filter(({ id }) => !was.includes(String(id)));
      expect(is.length - was.length + fresh).toBe(others.length);
    }),
  );
});
