import { describe, expect, it } from "vitest";
import { durationChange, failedOf, rateChange, rateWords } from "../../../src/pages/images/outcome";

const counts = { PASSED: 5, FAILED: 1, UNSTABLE: 2, ERROR: 3, TIMED_OUT: 4, CANCELLED: 9 };
const outcome = (passRate?: number) => ({
  complete: true,
  executions: 1,
  counts,
  ...(passRate === undefined ? {} : { passRate }),
});

describe("how executions ended", () => {
  it("counts as failed what broke or took too long, and not what was cancelled", () => {
    expect(failedOf(counts)).toBe(8);
  });

  it("says 100 % and 0 % only where that is all of them", () => {
    expect([1, 0.9999, 0.94, 0.001, 0, undefined].map(rateWords)).toEqual([
      "100 %",
      "99 %",
      "94 %",
      "1 %",
      "0 %",
      "none",
    ]);
  });

  it("tells a change of the pass rate in points, a rise being good", () => {
    expect(rateChange(outcome(0.91), outcome(0.94))).toEqual({
      text: "▼ 3",
      words: "3 points lower than in the period before",
      tone: "red",
    });
    expect(rateChange(outcome(1), outcome(0.5))).toMatchObject({ text: "▲ 50", tone: "green" });
    expect(rateChange(outcome(0.5), outcome(0.501))).toMatchObject({ text: "=", tone: "muted" });
  });

  it("tells a change of a duration in per cent, a rise being bad", () => {
    expect(durationChange(1120, 1000)).toMatchObject({ text: "▲ 12 %", tone: "red" });
    expect(durationChange(500, 1000)).toMatchObject({ text: "▼ 50 %", words: expect.stringContaining("shorter") });
  });

  it("tells none where one of the two is not known", () => {
    expect(rateChange(outcome(), outcome(1))).toBeUndefined();
    expect(rateChange(outcome(1), outcome())).toBeUndefined();
    expect(durationChange(undefined, 5)).toBeUndefined();
    expect(durationChange(5, 0)).toBeUndefined();
  });
});
