import { expect, test } from "vitest";
import { clockTime, duration } from "../../src/ui/duration";
import { parsed } from "../../src/ui/preferences";

test.each([
  [-5, "0 s"],
  [0, "0 s"],
  [59_999, "59 s"],
  [60_000, "1:00"],
  [102_000, "1:42"],
  [3_600_000, "1:00:00"],
  [86_399_000, "23:59:59"],
  [86_400_000 * 3 + 3_600_000 * 4, "3 d 4 h"],
])("%d ms are %s", (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test("today there is the time alone, and of another year the year, too", () => {
  const now = new Date(2026, 5, 15, 12).getTime();
  expect(clockTime(new Date(2026, 5, 15, 9, 41).getTime(), now)).toMatch(/^0?9[:.]41/);
  expect(clockTime(new Date(2026, 5, 14, 9, 41).getTime(), now)).toMatch(/14/);
  expect(clockTime(new Date(2024, 5, 15, 9, 41).getTime(), now)).toMatch(/2024/);
});

test.each([null, "", "{", "7", "null", "[]", '{"theme":"pink","shortcuts":"no","textSize":999,"wrap":1}'])(
  "preferences kept as %j are the defaults",
  (text) => {
    expect(parsed(text)).toEqual({ theme: "system", shortcuts: true, wrap: "auto", timestamps: "off", textSize: 13 });
  },
);

test("good preferences are kept beside bad ones", () => {
  expect(parsed('{"theme":"dark","textSize":"x","unknown":1}')).toMatchObject({ theme: "dark", textSize: 13 });
});
