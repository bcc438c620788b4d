import { describe, expect, it, vi } from "vitest";
import { isSearchable, searchUnloaded } from "../../src/live/search";
import { Find } from "../../src/log/find";

const KEY = { taskId: "t", attempt: 1 };
const TEXTS = ["an x", "none", "\x1b[1mx\x1b[0m y\nx x", "x"];

/** A search over output of which only the first chunk is loaded, and the server's over all of it, a chunk a page. */
function ground() {
  const slices: (() => void)[] = [];
  const source = {
    chunkCount: TEXTS.length,
    lines: (chunk: number) => (chunk === 0 ? TEXTS[0]?.split("\n") : undefined),
  };
  const find = new Find(
    source,
    () => {},
    (slice) => {
      slices.push(slice);
      return () => {};
    },
  );
  find.start({ text: "x" }, 0);
  for (let slice = slices.shift(); slice; slice = slices.shift()) slice();
  const read = vi.fn(async (_: string, query: Readonly<Record<string, string>>): Promise<unknown> => {
    const chunk = Number(query.after);
    const lines = (TEXTS[chunk] ?? "").split("\n").map((text, line) => ({ seq: chunk + 1, line, text }));
    return { ...KEY, matches: lines.filter(({ text }) => text.includes("x")), after: chunk + 1, more: true };
  });
  return { find, read, where: { key: KEY, read, signal: new AbortController().signal } };
}

describe("what is not loaded", () => {
  it("is searched by the server, with places in the lines without colours", async () => {
    const { find, read, where } = ground();
    expect([find.total, find.unsearched, find.firstUnsearched]).toEqual([1, 3, 1]);
    await searchUnloaded(find, "x", where);
    expect([find.total, find.unsearched, find.firstUnsearched]).toEqual([5, 0, undefined]);
    expect(find.matches(2)).toEqual([
      { chunk: 2, line: 0, start: 0, end: 1 },
      { chunk: 2, line: 1, start: 0, end: 1 },
      { chunk: 2, line: 1, start: 2, end: 3 },
    ]);
    expect(read.mock.calls.map(([, query]) => query.after)).toEqual(["1", "2", "3"]);
  });

  it.each([
    null,
    { ...KEY, matches: [] },
    { ...KEY, matches: [], after: 1 },
    { ...KEY, attempt: 2, matches: [], after: 9 },
  ])("is not searched by an answer like %j", async (answer) => {
    const { find, where } = ground();
    await expect(searchUnloaded(find, "x", { ...where, read: async () => answer })).rejects.toThrow("from chunk 2 on");
    expect(find.unsearched).toBe(3);
  });

  it("takes only what is a line of the chunks that were asked for", async () => {
    const { find, where } = ground();
    const matches = [
      null,
      { seq: 1, line: 0, text: "x" },
      { seq: 2, line: -1, text: "x" },
      { seq: 9, line: 0, text: "x" },
    ];
    await searchUnloaded(find, "x", { ...where, read: async () => ({ ...KEY, matches, after: 2 ** 52 }) });
    expect([find.total, find.unsearched]).toEqual([1, 0]);
  });

  it("is left when nobody looks any more", async () => {
    const { find, where } = ground();
    await expect(searchUnloaded(find, "x", { ...where, signal: AbortSignal.abort(new Error("left")) })).rejects.toThrow(
      "left",
    );
    expect(find.unsearched).toBe(3);
  });

  it("can be searched for text, not for patterns", () => {
    expect(
      [{ text: "x" }, { text: "x", pattern: true }, { text: "" }, { text: "x".repeat(257) }].map(isSearchable),
    ).toEqual([true, false, false, false]);
  });
});
