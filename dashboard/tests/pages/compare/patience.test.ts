import fc from "fast-check";
import { expect, test } from "vitest";
import { keyOf } from "../../../src/pages/compare/alike";
import { patience } from "../../../src/pages/compare/patience";
import { difference, rowsOf, withoutEqual } from "../../../src/pages/compare/rows";
import { shown } from "../../../src/pages/compare/shown";
import { compared } from "../../../src/pages/compare/use-comparison";

function matchesOf(left: string[], right: string[]) {
  const work = patience(left, right);
  for (let step = work.next(); ; step = work.next()) if (step.done) return step.value;
}

const outputs = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", "g"), { maxLength: 60 });

test("matches are equal lines, in order on both sides, each once", () => {
  fc.assert(
    fc.property(outputs, outputs, (left, right) => {
      const matches = matchesOf(left, right);
      let [lastLeft, lastRight] = [-1, -1];
      for (const [one, other] of matches) {
        expect(left[one]).toBe(right[other]);
        expect(one > lastLeft && other > lastRight).toBe(true);
        [lastLeft, lastRight] = [one, other];
      }
    }),
  );
});

test("rows have every line of both sides once, in order", () => {
  fc.assert(
    fc.property(outputs, outputs, (left, right) => {
      const rows = rowsOf(matchesOf(left, right), left.length, right.length);
      expect(rows.flatMap((row) => row.left ?? [])).toEqual(left.map((_, at) => at));
      expect(rows.flatMap((row) => row.right ?? [])).toEqual(right.map((_, at) => at));
    }),
  );
});

test("an output is equal to itself", () => {
  fc.assert(
    fc.property(outputs, (lines) => {
      expect(matchesOf(lines, lines)).toHaveLength(lines.length);
    }),
  );
});

test("what was put in is told, and what is around it matches", () => {
  const left = Array.from({ length: 1000 }, (_, at) => `line ${at}`);
  const right = [...left.slice(0, 500), "new", ...left.slice(500, 700), "changed", ...left.slice(701)];
  const rows = rowsOf(matchesOf(left, right), left.length, right.length);
  expect(difference(rows)).toEqual({ left: 1, right: 2 });
  const few = withoutEqual(rows);
  expect(few.filter((row) => row.hidden).map((row) => row.hidden)).toEqual([497, 194, 296]);
});

test.each([
  ["12:30:01.123 began", "9:05:59.001 began"],
  ["2026-01-02T03:04:05Z x", "2025-11-12T13:14:15Z x"],
  ["took 12.5 s", "took 3 s"],
  ["1 passed in 0.42s", "1 passed in 12.01s"],
  ["\u001b[32mok\u001b[0m (15 ms)\r", "ok (7 ms)"],
])("%j is as %j", (one, other) => expect(keyOf(one)).toBe(keyOf(other)));

test.each([
  ["3 failed", "4 failed"],
  ["line 12", "line 13"],
  ["exit 1", "exit 0"],
  ["10 tests", "11 tests"],
])("%j is not as %j", (one, other) => expect(keyOf(one)).not.toBe(keyOf(other)));

test("what deceives is shown by its code", () => {
  expect(shown("\u001b[1ma\u202eb\u001b[0m")).toBe("a‹U+202E›b");
});

test("50,000 lines a side are compared within seconds, in slices", async () => {
  const left = Array.from({ length: 50_000 }, (_, at) => `line ${at % 40_000}`);
  const right = left.filter((_, at) => at % 10 !== 3).concat(Array.from({ length: 5000 }, (_, at) => `more ${at}`));
  const found = await compared(left, right, new AbortController().signal);
  expect(difference(found.rows).left).toBe(5000);
});

test("a comparison that nobody waits for ends", async () => {
  await expect(compared(["a"], ["b"], AbortSignal.abort())).rejects.toThrow();
});
