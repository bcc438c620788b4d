import fc from "fast-check";
import { expect, test } from "vitest";
import { sinceTime, understood } from "../../../src/pages/executions/filters/understood";

test("what can be meant is kept as it is", () => {
  const filters = { status: "FAILED,ERROR", image: "node:*", by: "key:1", pool: "gpu", since: "24h", q: "x" };
  expect(understood(filters)).toEqual({ filters, ignored: [] });
});

test("what cannot is left out, by name, and the rest stays", () => {
  const { filters, ignored } = understood({
    status: "FAILED,nonsense, ERROR,FAILED",
    image: "*node*",
    pool: "a b",
    since: "yesterday",
    q: "x".repeat(300),
  });
  expect(filters).toEqual({ status: "FAILED,ERROR", q: "x".repeat(256) });
  expect(ignored.map((each) => each.split(" ")[0])).toEqual(["status", "image", "pool", "since", "q"]);
  expect(understood({ status: "__proto__" }).filters).toEqual({});
});

test.each([
  ["30m", -1_800_000],
  ["24h", -86_400_000],
  ["7d", -604_800_000],
])("%s counts from now", (since, expected) => {
  expect(sinceTime(since, 5_000_000_000)).toBe(5_000_000_000 + expected);
});

test.each([["0x10"], ["7w"], [""], ["-3h"], ["99999d"], ["1234567890h"], ["2026-99-99"], ["12"], ["NaN"]])(
  "%j is no time",
  (since) => expect(sinceTime(since, 0)).toBeUndefined(),
);

test("whatever is given, what is left can be asked for", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 400 });
  const filter = fc.record({ status: text, image: text, by: text, pool: text, since: text, q: text });
  fc.assert(
    fc.property(filter, (raw) => {
      const once = understood(raw).filters;
      expect(understood(once)).toEqual({ filters: once, ignored: [] });
    }),
  );
});
