import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { environment, example } from "../../../src/pages/settings/keys/lines";
import { bodyOf, listed } from "../../../src/pages/settings/keys/request";

describe("what a form asks a key to be", () => {
  it("has scopes by commas, spaces and line ends, each once", () => {
    expect(listed(" acme/*, python:3*\n acme/* ,,")).toEqual(["acme/*", "python:3*"]);
    expect(listed("  ")).toEqual([]);
  });

  it("has what was given, and nothing of what was not", () => {
    expect(
      bodyOf({ name: " CI ", kind: "api-key", role: "developer", pools: "a b", images: "", expiresInDays: "30" }),
    ).toEqual({
      name: "CI",
      kind: "api-key",
      role: "developer",
      pools: ["a", "b"],
      images: [],
      expiresInDays: 30,
    });
  });

  it("has no role of a worker key, whatever stood there before", () => {
    expect(bodyOf({ name: "w", kind: "worker-key", role: "admin", pools: "a", expiresInDays: "" })).toEqual({
      name: "w",
      kind: "worker-key",
      pools: [],
      images: [],
    });
  });
});

describe("lines for a shell", () => {
  it("set what clients read", () => {
    expect(environment("https://runcast.example", "rck_x")).toBe(
      "RUNCAST_URL=https://runcast.example\nRUNCAST_TOKEN=rck_x",
    );
  });

  it.each([
    [[], "alpine:3"],
    [["*"], "alpine:3"],
    [["acme/*"], "acme/image"],
    [["python:3*"], "python:3"],
    [["acme/*", "node:22"], "node:22"],
  ])("ask for an image that the scope %j allows", (images, image) => {
    expect(bodyIn(example({ kind: "api-key", role: "developer", pools: [], images }))).toMatchObject({ image });
  });

  it("name a pool where the key is for some only, and ask a viewer to read", () => {
    expect(bodyIn(example({ kind: "api-key", role: "admin", pools: ["arm"], images: [] }))).toMatchObject({
      config: { pool: "arm" },
    });
    expect(example({ kind: "api-key", role: "viewer", pools: [], images: [] })).not.toContain("-d");
    expect(bodyIn(example({ kind: "worker-key", pools: [], images: [] }))).toMatchObject({ status: "RUNNING" });
  });
});

/** What a shell makes of the line: the JSON after `-d`. */
function bodyIn(line: string): unknown {
  const text = execFileSync("sh", ["-c", `curl() { for last; do :; done; printf %s "$last"; }\n${line}`], {
    encoding: "utf8",
  });
  return JSON.parse(text);
}
