import fc from "fast-check";
import { expect, test } from "vitest";
import { safeNext } from "../../src/api/next";

const ORIGIN = "https://runcast.example";

test.each([
  ["/executions/a?attempt=2&view=output#L120-L140", "/executions/a?attempt=2&view=output#L120-L140"],
  ["/people", "/people"],
  ["/executions/../people", "/people"],
])("%s is a path of this origin", (next, expected) => {
  expect(safeNext(next, ORIGIN)).toBe(expected);
});

test.each([
  undefined,
  7,
  "",
  "people",
  "https://evil.example/",
  "//evil.example/",
  "/\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/.//evil.example",
  "/x/..//evil.example",
  "javascript:alert(1)",
  "/login?next=/people",
  "/signup",
])("%j leads home", (next) => {
  expect(safeNext(next, ORIGIN)).toBe("/");
});

test("whatever stands there, it stays on this origin", () => {
  const part = fc.constantFrom("/", "\\", ".", "..", "\t", "@", ":", "evil.example", "https:", "?", "#", "%2f");
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const path = safeNext(parts.join(""), ORIGIN);
      expect(new URL(path, ORIGIN).origin).toBe(ORIGIN);
    }),
  );
});
