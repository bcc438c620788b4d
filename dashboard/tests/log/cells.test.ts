import { describe, expect, it } from "vitest";
import { cells } from "../../src/log/cells";

describe("cells", () => {
  it.each([
    ["", 0],
    ["abc", 3],
    ["\t", 8],
    ["a\tb", 9],
    ["1234567\tb", 9],
    ["12345678\tb", 17],
    ["é", 1],
    ["e\u0301", 1],
    ["日本語", 6],
    ["日\t語", 10],
    ["ｆｕｌｌ", 8],
    ["ﾊﾝｶｸ", 4],
    ["한글", 4],
    ["\u1112\u1161\u11ab", 2],
    ["✓ ok", 4],
    ["│──", 3],
    ["😀", 2],
    ["👩‍🚀", 2],
    ["👨‍👩‍👧‍👦", 2],
    ["👍🏽", 2],
    ["❤", 1],
    ["❤️", 2],
    ["1️⃣", 2],
    ["🇩🇪", 2],
    ["👩‍🚀x", 3],
    ["𠮷", 2],
    ["\u202e", 8],
    ["a\u{e0041}", 10],
    ["\x07", 8],
    ["a\r", 1],
    ["می‌خواهم", 7],
  ])("of %j are %i", (line, count) => {
    expect(cells(line)).toBe(count);
  });

  it("take linear time for a line of marks", () => {
    expect(cells(`a${"\u0301".repeat(16000)}`)).toBe(1);
  });
});
