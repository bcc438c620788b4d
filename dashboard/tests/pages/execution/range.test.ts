import fc from "fast-check";
import { expect, test } from "vitest";
import { hashOf, rangeOf } from "../../../src/pages/execution/range";

test.each([
  ["L120", { from: 120, to: 120 }],
  ["#L120-L140", { from: 120, to: 140 }],
  ["#L140-120", { from: 120, to: 140 }],
  ["", null],
  ["#", null],
  ["#L0", null],
  ["#L-1", null],
  ["#L1-", null],
  ["#L99999999999", null],
  ["#L9999999999", null],
  ["#L1e3", null],
  ["#output", null],
])("%j marks %j", (hash, range) => expect(rangeOf(hash)).toEqual(range));

test("what is written is read as the same", () => {
  const line = fc.integer({ min: 1, max: 1_000_000_000 });
  fc.assert(
    fc.property(line, line, (one, other) => {
      const range = { from: Math.min(one, other), to: Math.max(one, other) };
      expect(rangeOf(hashOf(range))).toEqual(range);
    }),
  );
});

test("any text is read as lines or as none", () => {
  fc.assert(
    fc.property(fc.string(), (hash) => {
      const range = rangeOf(hash);
      expect(range === null || (range.from >= 1 && range.to >= range.from)).toBe(true);
    }),
  );
});
