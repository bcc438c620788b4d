import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stripSgr } from "../../src/log/sgr";
import { PLAIN } from "../../src/log/style";
import { type Segment, segments, split } from "../../src/log/text";

const of = (line: string) => segments(line, PLAIN).segments;
const shown = (line: string) => of(line).map((segment) => [segment.kind, segment.text]);
const links = (line: string) => of(line).flatMap((segment) => (segment.href ? [segment.href] : []));

describe("characters that deceive", () => {
  it.each([
    ["\u202e", "‹U+202E›"],
    ["\u2066", "‹U+2066›"],
    ["\u061c", "‹U+061C›"],
    ["\u200b", "‹U+200B›"],
    ["\ufeff", "‹U+FEFF›"],
    ["\u00ad", "‹U+00AD›"],
    ["\u2028", "‹U+2028›"],
    ["\u0007", "‹U+0007›"],
    ["\0", "‹U+0000›"],
    ["\x7f", "‹U+007F›"],
    ["\x85", "‹U+0085›"],
    ["\u{e0041}", "‹U+E0041›"],
  ])("are shown by their code: %j", (character, code) => {
    expect(shown(`a${character}b`)).toEqual([
      ["text", "a"],
      ["code", code],
      ["text", "b"],
    ]);
  });

  it.each(["\t", "é", "👩‍🚀", "❤️", "می‌خواهم", "\u00a0"])("are not these: %j", (text) => {
    expect(shown(text)).toEqual([["text", text]]);
  });

  it("do not count a CR at the end of a line, only within it", () => {
    expect(shown("a\rb\r")).toEqual([
      ["text", "a"],
      ["code", "‹U+000D›"],
      ["text", "b"],
    ]);
  });

  it("leave markup as text", () => {
    expect(shown("<script>&amp;")).toEqual([["text", "<script>&amp;"]]);
  });
});

describe("links", () => {
  it.each([
    ["see https://a.example/b?c=d#e.", ["https://a.example/b?c=d#e"]],
    ["(https://a.example/b)", ["https://a.example/b"]],
    ["https://a.example/b_(c)", ["https://a.example/b_(c)"]],
    ["<https://a.example> 'http://b.example'", ["https://a.example", "http://b.example"]],
    ["HTTPS://A.example/x", ["HTTPS://A.example/x"]],
    ["http://127.0.0.1:3000/, http://[::1]/x", ["http://127.0.0.1:3000/", "http://[::1]/x"]],
    ["javascript:alert(1) data:text/html,x file:///etc/passwd ftp://a.example", []],
    ["javascript://https:alert(1)", []],
    ["https:// https://: http://...", []],
    ["xhttps://a.example", []],
    ["https://a.example/\u202egpj.exe", ["https://a.example/"]],
    ["https://例え.example/パス", ["https://例え.example/パス"]],
  ])("of %j", (line, expected) => {
    expect(links(line)).toEqual(expected);
  });

  it("go on over a change of colour, leading to the same place", () => {
    const found = of("\x1b[31mhttps://a.ex\x1b[32mample/x\x1b[0m end");
    expect(found.map((segment) => [segment.text, segment.href])).toEqual([
      ["https://a.ex", "https://a.example/x"],
      ["ample/x", "https://a.example/x"],
      [" end", undefined],
    ]);
  });
});

describe("segments", () => {
  const piece = fc.oneof(
    fc.constantFrom("\x1b[31m", "\x1b[0m", "https://a.example/", "\u202e", "\u{e0041}", " ", ")", "\r", "\t", "é"),
    fc.string({ unit: "binary" }),
  );
  const line = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("").replaceAll("\n", ""));

  it("cover the line without gaps, each showing what it stands for", () => {
    fc.assert(
      fc.property(line, (text) => {
        const plain = stripSgr(text).replace(/\r$/, "");
        const found = of(text);
        expect(found.map((segment) => plain.slice(segment.start, segment.end)).join("")).toBe(plain);
        for (const segment of found) {
          if (segment.kind !== "code") expect(segment.text).toBe(plain.slice(segment.start, segment.end));
          expect(segment.end).toBeGreaterThan(segment.start);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("are split at ranges", () => {
    const [segment] = of("hello world") as [Segment];
    const parts = split(segment, [
      { start: 0, end: 2 },
      { start: 4, end: 20 },
    ]);
    expect(parts.map((part) => [part.segment.text, part.within])).toEqual([
      ["he", 0],
      ["ll", -1],
      ["o world", 1],
    ]);
  });
});
