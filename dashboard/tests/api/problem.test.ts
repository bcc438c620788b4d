import { expect, test } from "vitest";
import { problemOf, unexpected, unreachable } from "../../src/api/problem";
import { retryDelay, shouldRetry } from "../../src/api/retry";

const json = (body: unknown, status: number, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
const html = (status: number) =>
  new Response("<h1>Bad gateway</h1>", { status, headers: { "content-type": "text/html" } });

test("what the api says is kept, with its code and the request's id", async () => {
  const problem = await problemOf(
    json({ error: "no such execution", code: "NOT_FOUND" }, 404, { "x-request-id": "r1" }),
  );
  expect(problem).toMatchObject({ message: "no such execution", code: "NOT_FOUND", status: 404, requestId: "r1" });
  expect(problem.temporary).toBe(false);
});

test.each([
  [html(502), "SERVER_ERROR", true],
  [html(403), "REFUSED", false],
  [json([], 500), "SERVER_ERROR", true],
  [json({ error: 7 }, 400), "REFUSED", false],
  [new Response("{", { status: 503, headers: { "content-type": "application/json" } }), "SERVER_ERROR", true],
  [new Response(null, { status: 429 }), "REFUSED", true],
])("an answer without words of the api's gets some", async (response, code, temporary) => {
  const problem = await problemOf(response);
  expect(problem.code).toBe(code);
  expect(problem.temporary).toBe(temporary);
  expect(problem.message).toMatch(/\w/);
});

test("a page, or nothing, instead of data is said to be that", () => {
  expect(unexpected(html(200)).code).toBe("NOT_JSON");
  expect(unexpected(new Response(null)).code).toBe("NO_CONTENT");
  expect(unexpected(html(200)).message).toContain("proxy");
});

test("what fetch throws becomes one of ours, but for what its caller gave up", () => {
  expect(unreachable(new TypeError("Failed to fetch"))).toMatchObject({ code: "UNREACHABLE", temporary: true });
  expect(unreachable(new DOMException("late", "TimeoutError"))).toMatchObject({ code: "TIMEOUT" });
  expect(unreachable(new SyntaxError("cut"))).toMatchObject({ code: "NOT_JSON", temporary: true });
  const gaveUp = new DOMException("gone", "AbortError");
  expect(unreachable(gaveUp)).toBe(gaveUp);
});

test("only what may pass is asked again, three times at most, when the api says", async () => {
  const away = await problemOf(json({ error: "store away" }, 503, { "retry-after": "7" }));
  expect(shouldRetry(0, away)).toBe(true);
  expect(shouldRetry(3, away)).toBe(false);
  expect(retryDelay(0, away)).toBe(7000);
  expect(retryDelay(2, await problemOf(html(500)), () => 0.5)).toBe(2000);
  expect(retryDelay(50, await problemOf(html(500)), () => 1)).toBeLessThan(20_000);
  expect(shouldRetry(0, await problemOf(json({ error: "no" }, 404)))).toBe(false);
  expect(shouldRetry(0, new Error("a mistake of ours"))).toBe(false);
});

test.each(["-1", "soon", "", "1e9"])("a wait of %j is bounded, or not taken", async (header) => {
  const problem = await problemOf(json({ error: "later" }, 503, { "retry-after": header }));
  expect(problem.retryAfterMs ?? 0).toBeLessThanOrEqual(60_000);
  expect(problem.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
});
