import fc from "fast-check";
import { expect, test } from "vitest";
import { cells } from "../../src/log/cells";
import { Chunks } from "../../src/log/chunks";
import { Rows } from "../../src/log/rows";
import { stripSgr } from "../../src/log/sgr";

const LINE = fc.oneof(
  fc.string({ maxLength: 60 }).map((text) => text.replaceAll("\n", "")),
  fc.constantFrom(
    "",
    "漢字".repeat(9),
    "\t\tx",
    "\u001b[31mred\u001b[0m text that is longer",
    "é".repeat(40),
    "\u202ehidden",
  ),
);
const TEXTS = fc.array(fc.array(LINE, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 });
const COLUMNS = fc.option(fc.integer({ min: 4, max: 50 }), { nil: null });

function filled(texts: string[][], missing: (index: number) => boolean): { chunks: Chunks; rows: Rows } {
  const chunks = new Chunks(() => {});
  const rows = new Rows(chunks);
  chunks.known(
    0,
    texts.map((lines) => lines.length),
  );
  texts.forEach((lines, index) => {
    if (!missing(index)) chunks.add({ seq: index + 1, log: lines.join("\n"), ts: 0, stderr: [], firstLine: null });
  });
  return { chunks, rows };
}

test("the line at the row where a line begins is that line: at(of(i)) = i, loaded or not", () => {
  fc.assert(
    fc.property(TEXTS, COLUMNS, fc.nat(4), (texts, columns, every) => {
      const { chunks, rows } = filled(texts, (index) => index % 5 === every);
      rows.wrap(columns);
      for (let line = 0; line < chunks.lineCount; line++) {
        expect(rows.at(rows.of(line))).toBe(line);
        expect(rows.at(rows.of(line + 1) - 1)).toBe(line);
      }
      expect(rows.of(chunks.lineCount)).toBe(rows.total);
    }),
  );
});

test("a wrapped line takes its cells by the columns", () => {
  fc.assert(
    fc.property(TEXTS, fc.integer({ min: 4, max: 50 }), (texts, columns) => {
      const { rows } = filled(texts, () => false);
      rows.wrap(columns);
      const expected = texts.flat().map((line) => Math.max(1, Math.ceil(cells(stripSgr(line)) / columns)));
      expect(expected.map((_, line) => rows.height(line))).toEqual(expected);
    }),
  );
});

test("text that comes corrects what was estimated", () => {
  const { chunks, rows } = filled([["a".repeat(100)], ["b"]], (index) => index === 0);
  rows.wrap(10);
  expect(rows.of(1)).toBe(1);
  chunks.add({ seq: 1, log: "a".repeat(100), ts: 0, stderr: [], firstLine: null });
  expect(rows.of(1)).toBe(10);
});
