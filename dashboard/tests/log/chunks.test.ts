import fc from "fast-check";
import { expect, test } from "vitest";
import { Chunks } from "../../src/log/chunks";
import type { OutputChunk } from "../../src/log/sink";

function chunk(seq: number, lines: string[], firstLine: number | null = null): OutputChunk {
  return { seq, log: lines.join("\n"), ts: seq, stderr: [], firstLine };
}

function made(budget?: number): { chunks: Chunks; frame: () => void } {
  const due: (() => void)[] = [];
  const chunks = new Chunks((run) => void due.push(run), budget);
  return { chunks, frame: () => due.splice(0).forEach((run) => void run()) };
}

function all(chunks: Chunks): string[] {
  return Array.from({ length: chunks.length }, (_, index) => chunks.read(index) ?? []).flat();
}

const TEXT = fc.array(
  fc.array(
    fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", " ")),
    { minLength: 1, maxLength: 5 },
  ),
  {
    minLength: 1,
    maxLength: 20,
  },
);

test("text comes back as it was given, in whatever order the chunks came", () => {
  fc.assert(
    fc.property(TEXT, fc.infiniteStream(fc.nat()), (texts, order) => {
      const { chunks } = made();
      const left = texts.map((lines, index) => chunk(index + 1, lines));
      while (left.length > 0)
        chunks.add(left.splice((order.next().value as number) % left.length, 1)[0] as OutputChunk);
      expect(all(chunks)).toEqual(texts.flat());
      expect(chunks.lineCount).toBe(texts.flat().length);
    }),
  );
});

test("a chunk behind a hole has its number, and the hole the lines that are missing", () => {
  const { chunks } = made();
  chunks.add(chunk(1, ["a", "b"], 1));
  chunks.hole(2, 3, { kind: "fetching" });
  chunks.add(chunk(4, ["y", "z"], 13));
  expect(chunks.firstLine(3)).toBe(12);
  expect(chunks.numbered(3)).toBe(true);
  chunks.add(chunk(3, ["x"], 12));
  expect([chunks.firstLine(2), chunks.firstLine(3)]).toEqual([11, 12]);
});

test("without the store's numbers, those behind a hole are not told", () => {
  const { chunks } = made();
  chunks.add(chunk(1, ["a", "b"]));
  chunks.hole(2, 2, { kind: "fetching" });
  chunks.add(chunk(3, ["y"]));
  expect([chunks.numbered(0), chunks.numbered(2)]).toEqual([true, false]);
  chunks.add(chunk(2, ["c", "d", "e"]));
  expect([chunks.numbered(2), chunks.firstLine(2)]).toEqual([true, 5]);
});

test("beyond the budget text is dropped farthest from the view, and asked for when it is looked at", () => {
  const { chunks } = made(1000);
  const needed: [number, number][] = [];
  chunks.need = (from, to) => needed.push([from, to]);
  chunks.known(
    0,
    Array.from({ length: 100 }, () => 1),
  );
  chunks.look(50, 51);
  needed.length = 0;
  for (let seq = 1; seq <= 100; seq++) chunks.add(chunk(seq, ["x".repeat(100)]));
  expect(chunks.textBytes).toBeLessThanOrEqual(1000);
  expect(chunks.text(50)).toBeDefined();
  expect(chunks.text(0)).toBeUndefined();
  chunks.look(2, 4);
  expect(needed).toEqual([[1, 8]]);
});

test("listeners are told once a frame", () => {
  const { chunks, frame } = made();
  const told: number[] = [];
  chunks.listen((change) => told.push(change.appended));
  chunks.add(chunk(1, ["a", "b"]));
  chunks.add(chunk(2, ["c"]));
  expect(told).toEqual([]);
  frame();
  frame();
  expect(told).toEqual([3]);
});
