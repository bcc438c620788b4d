import fc from "fast-check";
import { expect, test } from "vitest";
import { only, parseSearch, stringifySearch } from "../src/search";

test("what is written is read again as the same text", () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  const value = fc.string({ minLength: 1, unit: "grapheme" });
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (search) => {
      expect(parseSearch(stringifySearch(search))).toEqual(search);
    }),
  );
});

test("numbers and JSON stay text, a name that comes twice is a list, and what is empty is nothing", () => {
  expect(parseSearch("?q=123&image=%5B1%5D&status=FAILED&status=ERROR&by=")).toEqual({
    q: "123",
    image: "[1]",
    status: "FAILED,ERROR",
  });
  expect(stringifySearch({ status: "FAILED,ERROR", image: "a/b:3", q: undefined, by: "" })).toBe(
    "?status=FAILED,ERROR&image=a/b:3",
  );
  expect(stringifySearch({})).toBe("");
});

test("nonsense in a URL is ignored", () => {
  const filters = only("status", "q");
  expect(filters(parseSearch("?status=x&__proto__=1&constructor=2&utm=3&q=%F0%9F"))).toMatchObject({ status: "x" });
  expect(filters({ status: 7, q: null, other: "x" })).toEqual({});
});
