import { expect, test } from "vitest";
import { parsedDemo } from "../../src/pages/entry/demo";
import { expiryOf } from "../../src/pages/entry/token-form";

const base64url = (text: string) => Buffer.from(text).toString("base64url");

test("the demo's log-in is read, whatever its letters", () => {
  const demo = { email: "demo@example.com", password: "ü?>~ 密码" };
  expect(parsedDemo(base64url(JSON.stringify(demo)))).toEqual(demo);
});

test.each(["", "%%%", "e30", base64url("null"), base64url("[]"), base64url('{"email":1,"password":"x"}')])(
  "%j is no demo",
  (text) => {
    expect(parsedDemo(text)).toBeUndefined();
  },
);

test("a token's end is read, an API key has none, and what is no token says so", () => {
  expect(expiryOf(`x.${base64url('{"exp":1700000000.5}')}.y`)).toBe(1_700_000_000_500);
  expect(new Date(expiryOf("rck_abc")).toISOString()).toMatch(/^\+275760/);
  expect(() => expiryOf("a.!!.b")).toThrow(/no token/);
});
