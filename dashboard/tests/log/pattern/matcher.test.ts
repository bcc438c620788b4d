import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Matcher } from "../../../src/log/pattern/matcher";

const found = (source: string, line: string, ignoreCase = true) =>
  new Matcher(source, ignoreCase).matches(line).map(({ start, end }) => line.slice(start, end));
const native = (source: string, line: string, flags: string) =>
  Array.from(line.matchAll(new RegExp(source, flags)), (match) => match[0]).filter((text) => text !== "");

describe("a pattern", () => {
  it.each([
    ["\\d+ms", "took 12ms and 7ms"],
    ["^a|b$", "ab ab"],
    ["\\bfail(ed|ure)?\\b", "fail failed failure failing"],
    ["a.*b", "xaabbab"],
    ["a.*?b", "xaabbab"],
    ["[^\\s]+@[\\w.]+", "mail ada@a.example now"],
    ["(?:ab){2,3}", "abababab"],
    ["(?<name>x)y", "xyxy"],
    ["a{2}|a", "aaa"],
    ["\\x41\\u0042\\t", "AB\t"],
    ["[\\]a-c-]+", "]a-b"],
    ["a{,3}", "a{,3}"],
    ["x*", "axxb"],
    ["", "abc"],
    ["(a|ab)(c|bcd)", "abcd"],
    ["^$", ""],
  ])("%s finds in %j what JavaScript finds", (source, line) => {
    expect(found(source, line)).toEqual(native(source, line, "gi"));
  });

  it("knows characters beyond 16 bits and other scripts", () => {
    expect(found("x.y", "x😀y")).toEqual(["x😀y"]);
    expect(found("[😀-😂]+", "a😁😂b")).toEqual(["😁😂"]);
    expect(found("\\p{Lu}+", "abc ÄÖ x", false)).toEqual(["ÄÖ"]);
    expect(found("straße", "STRAẞE Straße")).toEqual(["STRAẞE", "Straße"]);
    expect(found("ä", "Ä")).toEqual(["Ä"]);
    expect(found("ä", "Ä", false)).toEqual([]);
  });

  it.each([
    ["(", "This is no pattern"],
    ["a**", "This is no pattern"],
    ["[b-a]", "This is no pattern"],
    ["(a)\\1", "References to groups"],
    ["a(?=b)", "Looking ahead or behind"],
    ["(?<!a)b", "Looking ahead or behind"],
    ["a{600}", "too long"],
    ["((a{30}){30}){30}", "too long"],
    ["a{1,99999999999}", "too long"],
    [`${"(".repeat(200)}a${")".repeat(200)}`, "nested more than"],
  ])("%s is refused in words", (source, message) => {
    expect(() => new Matcher(source, true)).toThrow(message);
  });

  it.each(["(a+)+b", "(a|a)*b", "(.*a){20}b", "(a*)*b", ".*.*.*.*b", "(\\w+\\s?)+$x"])(
    "%s takes linear time",
    (source) => {
      expect(found(source, "a".repeat(16_000))).toEqual([]);
    },
  );

  it("that would need more than linear time for all its matches says so", () => {
    expect(() => found("a(.*b)?", "a".repeat(16_000))).toThrow("takes too long");
  });
});

const mayBeEmpty = (source: string) => new RegExp(`^(?:${source.replaceAll(/\\b/gi, "")})$`).test("");

describe("any pattern, but for repetitions of what may be empty,", () => {
  const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\w", "\\b", "\\B", "^", "$", "\\d", "");
  const quantifier = fc.constantFrom("", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}");
  const { pattern } = fc.letrec((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc
        .tuple(tie("pattern"), quantifier)
        .map(([part, quantity]) => `(?:${part})${mayBeEmpty(part as string) ? "" : quantity}`),
      fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `${one}${other}`),
      fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `(?:${one}|${other})`),
    ),
  })) as { pattern: fc.Arbitrary<string> };
  const line = fc.string({ unit: fc.constantFrom("a", "b", "A", " ", "1", "é"), maxLength: 8 });

  it("finds what JavaScript finds", () => {
    fc.assert(
      fc.property(pattern, line, fc.boolean(), (source, text, ignoreCase) => {
        expect(found(source, text, ignoreCase)).toEqual(native(source, text, ignoreCase ? "giu" : "gu"));
      }),
      { numRuns: 2000 },
    );
  });
});
