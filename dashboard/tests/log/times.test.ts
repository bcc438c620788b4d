import { expect, test } from "vitest";
import { timeText } from "../../src/log/times";

test("times are of the day, since the start, since the line before, or none", () => {
  const at = new Date(2026, 0, 2, 9, 5, 7, 42).getTime();
  expect(timeText("off", at, 0, 0)).toBe("");
  expect(timeText("clock", at, 0, 0)).toBe("09:05:07.042");
  expect(timeText("start", at, at - 61_500, 0)).toBe("1:01.500");
  expect(timeText("start", at, at - 3_661_500, 0)).toBe("1:01:01.500");
  expect(timeText("line", at, 0, at - 250)).toBe("+0:00.250");
  expect(timeText("line", at, 0, at + 250)).toBe("+0:00.000");
});
