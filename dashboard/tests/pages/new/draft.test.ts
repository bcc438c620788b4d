import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Draft, emptyDraft, faultsOf, requestOf } from "../../../src/pages/new/draft";
import { placed } from "../../../src/pages/new/faults";
import { secondsOf } from "../../../src/pages/new/seconds";
import { commandLine, curl, quoted } from "../../../src/pages/new/shown";

const variable = (name: string, value: string, secret = false) => ({ key: 1, name, value, secret });
const draft = (more: Partial<Draft>): Draft => ({ ...emptyDraft, image: "alpine:3", ...more });

/** The words that a shell makes of a line. */
const words = (line: string, environment: Record<string, string> = {}): string[] =>
  execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { env: { PATH: "/usr/bin:/bin", ...environment } })
    .toString()
    .split("\0")
    .slice(0, -1);

test("only what was filled in is requested", () => {
  expect(requestOf(draft({ command: "  " }))).toEqual({ image: "alpine:3" });
  const filled = draft({
    command: "echo $A",
    variables: [variable("A", "1"), variable("KEY", "s", true), variable("", "")],
    timeout: "1h 30m",
    retries: "2",
    retryOnLoss: true,
    pool: " gpu ",
    priority: "-3",
    memory: "512",
    cpus: "0.5",
    baseUrl: "https://example.com",
    folder: "smoke",
    tests: "a\n\n b ",
  });
  expect(requestOf(filled)).toEqual({
    image: "alpine:3",
    command: "echo $A",
    folder: "smoke",
    tests: ["a", "b"],
    config: {
      envVars: { A: "1" },
      secrets: { KEY: "s" },
      timeoutSeconds: 5400,
      retryAttempts: 2,
      retryOnLoss: true,
      pool: "gpu",
      priority: -3,
      resources: { memoryMb: 512, cpus: 0.5 },
      baseUrl: "https://example.com",
    },
  });
  expect(faultsOf(filled)).toEqual([]);
});

test("what cannot be sent at all is said at its field", () => {
  const wrong = draft({ image: " ", timeout: "soon", retries: "x", variables: [variable("", "v")] });
  expect(faultsOf(wrong).map(({ field }) => field)).toEqual(["image", "timeout", "retries", "variables"]);
  const twice = draft({ variables: [variable("A", "1"), variable("A ", "2", true)] });
  expect(faultsOf(twice)).toEqual([{ field: "variables", problem: "A is there twice" }]);
});

test.each([
  ["90", 90],
  ["1.5", 1.5],
  ["90s", 90],
  ["10m", 600],
  ["1h30m", 5400],
  ["2D", 172_800],
  ["", undefined],
  ["m", undefined],
  ["10x", undefined],
  ["-5", undefined],
  ["1e9", undefined],
])("%j is %j seconds", (typed, seconds) => expect(secondsOf(typed)).toBe(seconds));

test("a terminal is told the same, and never a secret's value", () => {
  const filled = draft({
    command: "pytest -q tests/",
    variables: [variable("A", "it's 1"), variable("KEY", "hunter2", true), variable("odd.key", "hunter2", true)],
    timeout: "10 m",
    retries: "2",
    retryOnLoss: true,
    pool: "gpu",
    priority: "5",
    memory: "512",
  });
  expect(commandLine(filled)).toBe(
    "runcast run -e 'A=it'\\''s 1' --secret KEY --secret odd.key --timeout 10m --retries 2 --retry-on-loss " +
      "--pool gpu --priority 5 --memory 512m alpine:3 -- pytest -q tests/",
  );
  expect(commandLine(draft({ command: "a && b" }))).toBe("runcast run alpine:3 -- sh -c 'a && b'");
  expect(commandLine(filled) + curl(filled, "http://h")).not.toContain("hunter2");
  const sent = words(curl(filled, "http://h"), { KEY: "from here", TOKEN: "t" });
  expect(sent.slice(0, 5)).toEqual(["curl", "http://h/api/execution-request", "-H", "Authorization: Bearer t", "-d"]);
  const body = JSON.parse(sent[5] ?? "");
  expect(body.config.secrets).toEqual({ KEY: "from here", "odd.key": "***" });
  expect(body.config.envVars).toEqual({ A: "it's 1" });
});

test("whatever is typed, a shell makes one word of it, and curl sends it as it is", () => {
  const text = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(text, (typed) => {
      expect(words(quoted(typed))).toEqual([typed]);
      const body = JSON.parse(words(curl(draft({ command: typed }), "http://h"), { TOKEN: "t" })[5] ?? "");
      expect(body).toEqual(requestOf(draft({ command: typed })));
    }),
    { numRuns: 30 },
  );
});

test("what the api refused stands at its field, once", () => {
  const { byField, others } = placed([
    { field: "image", problem: "bad" },
    { field: "config.timeoutSeconds", problem: "too long" },
    { field: "config.envVars.1x.[key]", problem: "no name" },
    { field: "config.envVars.A.constrained-str", problem: "has a NUL" },
    { field: "config.envVars.A.int", problem: "is no number" },
    { field: "command.constrained-str", problem: "has a NUL" },
    { field: "command.list[constrained-str]", problem: "is no list" },
    { field: "config", problem: "is not valid" },
  ]);
  expect(byField).toEqual({
    image: "bad",
    timeout: "too long",
    variables: "1x: no name; A: has a NUL",
    command: "has a NUL",
  });
  expect(others).toBe("config: is not valid");
});
