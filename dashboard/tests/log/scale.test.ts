import fc from "fast-check";
import { expect, test } from "vitest";
import { HIGHEST, Scale } from "../../src/log/scale";

const PAGE = 700;

test("output up to the bound is scrolled pixel by pixel", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: HIGHEST, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (total, part) => {
        const scale = new Scale(total, PAGE);
        expect(scale.exact).toBe(true);
        expect(scale.toPosition(part * scale.end)).toBe(part * scale.end);
      },
    ),
  );
});

test("beyond it the bar is never higher than the bound, both ends are exact, and there and back is the same", () => {
  fc.assert(
    fc.property(
      fc.double({ min: HIGHEST + 1, max: 1e12, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (total, part) => {
        const scale = new Scale(total, PAGE);
        expect(scale.height).toBe(HIGHEST);
        expect(scale.toScroll(0)).toBe(0);
        expect(scale.toPosition(HIGHEST - PAGE)).toBe(scale.end);
        expect(scale.toScroll(scale.end - 1000)).toBeCloseTo(HIGHEST - PAGE - 1000, 3);
        const position = part * scale.end;
        expect(Math.abs(scale.toPosition(scale.toScroll(position)) - position)).toBeLessThan(1 + total / 1e9);
      },
    ),
  );
});

test("later positions are later on the bar", () => {
  const scale = new Scale(54_000_000, PAGE);
  const steps = Array.from({ length: 1000 }, (_, index) => scale.toScroll((index * scale.end) / 999));
  expect([...steps].sort((one, other) => one - other)).toEqual(steps);
});
