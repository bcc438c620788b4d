import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carried, parseSgr, stripSgr } from "../../src/log/sgr";
import {
  BOLD,
  DEFAULT,
  DIM,
  INVERSE,
  ITALIC,
  OVERLINE,
  PLAIN,
  STRIKE,
  type Style,
  TRUE_COLOUR,
  UNDERLINE,
} from "../../src/log/style";

const style = (fg: number, flags = 0, bg = DEFAULT): Style => ({ fg, bg, flags });
const rgb = (red: number, green: number, blue: number) => TRUE_COLOUR + red * 0x10000 + green * 0x100 + blue;
/** The style of the `x` behind `ESC [ parameters m`. */
const of = (parameters: string, before: Style = PLAIN) => parseSgr(`\x1b[${parameters}mx`, before).runs[0]?.style;

describe("one sequence", () => {
  const all = BOLD | DIM | ITALIC | UNDERLINE | STRIKE | INVERSE | OVERLINE;
  const cases: [string, Style, Style?][] = [
    ["", PLAIN, style(1, BOLD)],
    ["0", PLAIN, style(1, BOLD)],
    ["00", PLAIN, style(1, BOLD)],
    [";", PLAIN, style(1, BOLD)],
    ["1;", PLAIN],
    [";1", style(DEFAULT, BOLD), style(1)],
    ["31", style(1)],
    ["037", style(7)],
    ["47", style(DEFAULT, 0, 7)],
    ["90", style(8)],
    ["97;107", style(15, 0, 15)],
    ["31;44", style(1, 0, 4)],
    ["39", style(DEFAULT, 0, 4), style(1, 0, 4)],
    ["49", style(1), style(1, 0, 4)],
    ["1;2;3;4;7;9;53", style(DEFAULT, all)],
    ["21", style(DEFAULT, UNDERLINE)],
    ["22", style(DEFAULT, all & ~(BOLD | DIM)), style(DEFAULT, all)],
    ["23", style(DEFAULT, all & ~ITALIC), style(DEFAULT, all)],
    ["24", style(DEFAULT, all & ~UNDERLINE), style(DEFAULT, all)],
    ["27", style(DEFAULT, all & ~INVERSE), style(DEFAULT, all)],
    ["29", style(DEFAULT, all & ~STRIKE), style(DEFAULT, all)],
    ["55", style(DEFAULT, all & ~OVERLINE), style(DEFAULT, all)],
    ["4:0", PLAIN, style(DEFAULT, UNDERLINE)],
    ["4:3", style(DEFAULT, UNDERLINE)],
    ["4:9", PLAIN],
    ["1:2", PLAIN],
    ["5;6;8;10;28;73;999", style(1), style(1)],
    ["38;5;208", style(208)],
    ["38;5;208;1", style(208, BOLD)],
    ["38:5:208", style(208)],
    ["48;5;16", style(DEFAULT, 0, 16)],
    ["48:5:16;1", style(DEFAULT, BOLD, 16)],
    ["38;2;1;2;3", style(rgb(1, 2, 3))],
    ["38:2::1:2:3", style(rgb(1, 2, 3))],
    ["38:2:9:1:2:3", style(rgb(1, 2, 3))],
    ["38:2:1:2:3", style(rgb(1, 2, 3))],
    ["38:2::1:2:3:0:1", style(rgb(1, 2, 3))],
    ["38:2::::", style(rgb(0, 0, 0))],
    ["38;2;;;;4", style(rgb(0, 0, 0), UNDERLINE)],
    ["48;2;255;255;255;38;5;1", style(1, 0, rgb(255, 255, 255))],
    ["58;5;31;1", style(DEFAULT, BOLD)],
    ["58;2;31;32;33;1", style(DEFAULT, BOLD)],
    ["58:5:31;1", style(DEFAULT, BOLD)],
    ["58:2::31:32:33;1", style(DEFAULT, BOLD)],
    ["59;1", style(DEFAULT, BOLD)],
    ["38;5;256;1", style(DEFAULT, BOLD)],
    ["38;5;99999999999999999999", PLAIN],
    ["38;2;256;0;0;1", style(DEFAULT, BOLD)],
    ["38:2::256:0:0", PLAIN],
    ["38:2:1:2", PLAIN],
    ["38:5", PLAIN],
    ["38", PLAIN],
    ["38;5", PLAIN],
    ["38;2;1;2", PLAIN],
    ["38;4;1;2;3;4;1", style(DEFAULT, BOLD)],
    ["31;38;5", style(1)],
    ["?1", PLAIN],
    [">4;2", PLAIN],
    ["31 ", PLAIN],
  ];
  it.each(cases)("ESC [ %s m", (parameters, expected, before) => {
    expect(of(parameters, before)).toEqual(expected);
  });

  it("gives the shared empty style where nothing is set", () => {
    expect(of("0", style(1))).toBe(PLAIN);
    expect(of("39", style(1))).toBe(PLAIN);
    expect(parseSgr("plain", PLAIN).state).toBe(PLAIN);
  });
});

describe("a line", () => {
  const cases: [string, string, string][] = [
    ["markup", "<b>&amp;\"'", "<b>&amp;\"'"],
    ["nothing but sequences", "\x1b[31m\x1b[0m", ""],
    ["a sequence cut at its end", "a\x1b[3", "a"],
    ["one cut after its introducer", "a\x1b[", "a"],
    ["a lone escape at its end", "a\x1b", "a"],
    ["a lone escape", "a\x1bé", "aé"],
    ["two escapes", "a\x1b\x1b[31mb", "ab"],
    ["a CSI that a letter of another script ends", "a\x1b[31éb", "aéb"],
    ["a CSI that another one ends", "a\x1b[3\x1b[1mb", "ab"],
    ["cursor and erase", "a\x1b[2K\x1b[1;3Hb\x1b[?25l", "ab"],
    ["8-bit CSI", "a\x9b31mb", "ab"],
    ["a title by BEL", "a\x1b]0;title\x07b", "ab"],
    ["a link by ST", "\x1b]8;;https://a.example\x1b\\text\x1b]8;;\x1b\\", "text"],
    ["an OSC that does not end", "a\x1b]0;title", "a"],
    ["an OSC that an escape ends", "a\x1b]0;t\x1b[31mb", "ab"],
    ["8-bit OSC and ST", "a\x9d0;t\x9cb", "ab"],
    ["DCS", "a\x1bPq#0;2\x1b\\b", "ab"],
    ["APC, PM and SOS", "a\x1b_x\x1b\\b\x1b^x\x1b\\c\x1bXx\x1b\\d", "abcd"],
    ["character sets", "a\x1b(Bb\x1b=c", "abc"],
    ["many parameters", `a\x1b[${"1;".repeat(9000)}mb`, "ab"],
  ];
  it.each(cases)("with %s", (_, line, shown) => {
    const texts = parseSgr(line, PLAIN).runs.map((run) => run.text);
    expect(texts.join("")).toBe(shown);
    expect(stripSgr(line)).toBe(shown);
  });

  it("keeps the state over a sequence that is cut at its end", () => {
    const red = parseSgr("\x1b[31mred\x1b[1", PLAIN).state;
    expect(red).toEqual(style(1));
    expect(parseSgr("m still red", red).runs).toEqual([{ text: "m still red", style: red }]);
  });

  it("is one run where the style does not change", () => {
    expect(parseSgr("a\x1b[0mb\x1b[Kc\x1b[31m\x1b[39md", PLAIN).runs).toEqual([{ text: "abcd", style: PLAIN }]);
  });

  it("hands inverse on with the colours as they are", () => {
    expect(parseSgr("\x1b[7m\x1b[31ma\x1b[27mb", PLAIN).runs).toEqual([
      { text: "a", style: style(1, INVERSE) },
      { text: "b", style: style(1) },
    ]);
  });
});

describe("many lines", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "\x1b[",
      "\x1b",
      "m",
      "0",
      "1;31",
      "38;5;9",
      "38:2::1:2:3",
      "\n",
      "\x1b]0;",
      "\x07",
      "text",
      "\x1b[m",
    ),
    fc.string(),
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));

  it("carry the state over, line by line or at once", () => {
    fc.assert(
      fc.property(text, (lines) => {
        const state = lines.split("\n").reduce<Style>((before, line) => parseSgr(line, before).state, style(3, BOLD));
        expect(carried(lines, style(3, BOLD))).toEqual(state);
      }),
      { numRuns: 2000 },
    );
  });

  it("have the same text stripped and parsed", () => {
    fc.assert(
      fc.property(text, (lines) => {
        for (const line of lines.split("\n")) {
          const joined = parseSgr(line, PLAIN).runs.map((run) => run.text);
          expect(joined.join("")).toBe(stripSgr(line));
          expect(stripSgr(line)).not.toContain("\x1b");
        }
        expect(stripSgr(lines)).toBe(lines.split("\n").map(stripSgr).join("\n"));
      }),
      { numRuns: 2000 },
    );
  });
});
