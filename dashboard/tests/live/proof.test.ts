import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { subtle, type VerifyOptions, verify } from "../../src/live/proof";
import { chunkOf, type LogPage } from "../../src/live/wire";
import { KEY, log, wire } from "./parts/api";

const text = (count: number) => Array.from({ length: count }, (_, index) => `${log(index + 1)}\n`).join("");
const encoder = new TextEncoder();

function end(count: number) {
  const all = encoder.encode(text(count));
  const sha256 = createHash("sha256").update(all).digest("hex");
  return { lastSeq: count, bytes: all.length, sha256, lines: text(count).split("\n").length - 1 };
}

function options(count: number, more: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    end: end(count),
    here: () => undefined,
    read: vi.fn(async (after: number, limit: number): Promise<LogPage> => {
      const size = Math.max(0, Math.min(limit, 3, count - after));
      const chunks = Array.from({ length: size }, (_, index) => chunkOf(wire(after + index + 1), KEY));
      return { chunks: chunks.flatMap((chunk) => chunk ?? []), more: after + size < count };
    }),
    signal: new AbortController().signal,
    progress: () => {},
    ...more,
  };
}

describe("verify", () => {
  it.each([0, 1, 10])("reads all of %i chunks, and says that it is the same", async (count) => {
    const { lines, bytes, sha256 } = end(count);
    expect(await verify(options(count))).toEqual({ verdict: "same", lines, bytes, sha256 });
  });

  it("takes what is shown, and reads the rest", async () => {
    const here = (seq: number) => (seq % 5 === 0 ? undefined : encoder.encode(log(seq)));
    const asked = options(10, { here });
    expect((await verify(asked)).verdict).toBe("same");
    expect(vi.mocked(asked.read).mock.calls.map(([after]) => after)).toEqual([4, 9]);
  });

  it("tells when what is shown differs in its bytes", async () => {
    const here = (seq: number) => encoder.encode(log(seq).replace("3.0", "3.1"));
    const verdict = await verify(options(10, { here }));
    expect(verdict).toMatchObject({ verdict: "different", reason: expect.stringContaining("SHA-256") });
  });

  it.each([
    ["longer", (seq: number) => `${log(seq)}!`, "more than"],
    ["shorter", (seq: number) => log(seq).slice(1), "bytes here"],
    ["of other lines", (seq: number) => log(seq).replace("\n", " "), "lines here"],
  ])("tells when it is %s", async (_, shown, reason) => {
    const verdict = await verify(options(10, { here: (seq) => encoder.encode(shown(seq)) }));
    expect(verdict).toMatchObject({ verdict: "different", reason: expect.stringContaining(reason) });
  });

  it("says why it cannot where the browser offers no SHA-256", async () => {
    const verdict = await verify(options(3, { digest: undefined }));
    expect(verdict).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("only on pages from https") });
  });

  it("does not try with more than fits", async () => {
    const verdict = await verify(options(3, { end: { ...end(3), bytes: 2 ** 40 } }));
    expect(verdict).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("too many") });
  });

  it("raises what reading raises, and what the store lost", async () => {
    await expect(verify(options(3, { read: () => Promise.reject(new Error("away")) }))).rejects.toThrow("away");
    const lost = options(3, { read: async () => ({ chunks: [], more: false }) });
    await expect(verify(lost)).rejects.toThrow("chunk 1 of 3 cannot be read");
  });

  it("works in slices, tells how far it is, and ends when it is aborted", async () => {
    const aborted = new AbortController();
    const size = 1000;
    const chunk = encoder.encode("x".repeat(15_999));
    const shares: number[] = [];
    const bytes = 16_000 * size;
    const asked = options(0, {
      end: { lastSeq: size, bytes, sha256: "" },
      here: () => chunk,
      signal: aborted.signal,
      progress: (share) => shares.push(share),
      breathe: async () => aborted.abort(new Error("left")),
    });
    vi.spyOn(performance, "now").mockReturnValueOnce(0).mockReturnValue(9);
    await expect(verify(asked)).rejects.toThrow("left");
    expect(shares).toEqual([1 / size]);
    vi.restoreAllMocks();
  });

  it("has the platform's SHA-256", () => {
    expect(subtle).toBeDefined();
  });
});
