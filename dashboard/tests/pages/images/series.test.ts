import { describe, expect, it } from "vitest";
import { wordsOf } from "../../../src/pages/images/last-bar";
import { beginOf, rangeOf } from "../../../src/pages/images/range";
import { dayColumns, pointColumns } from "../../../src/pages/images/series";

const none = { PASSED: 0, FAILED: 0, UNSTABLE: 0, ERROR: 0, TIMED_OUT: 0, CANCELLED: 0 };
const point = (taskId: string, status: "PASSED" | "ERROR" | "UNSTABLE" | "CANCELLED", second: number) => ({
  taskId,
  status,
  startedAt: new Date(second * 1000).toISOString(),
  durationMs: second * 10,
});

describe("columns", () => {
  it("stand a day's kinds on each other, days without any too", () => {
    const days = [
      {
        day: "2026-03-01",
        executions: 9,
        counts: { ...none, PASSED: 4, UNSTABLE: 2, FAILED: 1, TIMED_OUT: 1, CANCELLED: 1 },
      },
      { day: "2026-03-02", executions: 0, counts: none },
    ];
    expect(dayColumns(days)).toEqual([
      [new Date(2026, 2, 1).getTime() / 1000, new Date(2026, 2, 2).getTime() / 1000],
      [8, 0],
      [6, 0],
      [4, 0],
    ]);
  });

  it("have one dot an execution, by when it started, each in its kind's column", () => {
    const points = [
      point("d", "CANCELLED", 9),
      point("b", "ERROR", 2),
      point("c", "UNSTABLE", 3),
      point("a", "PASSED", 1),
    ];
    expect(pointColumns(points)).toEqual({
      columns: [
        [1, 2, 3],
        [null, 0.02, null],
        [null, null, 0.03],
        [0.01, null, null],
      ],
      taskIds: ["a", "b", "c"],
    });
  });
});

describe("the period", () => {
  it("is 30 days for whatever is none", () => {
    expect(["7d", "90d", undefined, "", "toString", "__proto__", "1000d"].map(rangeOf)).toEqual([
      "7d",
      "90d",
      ...Array(5).fill("30d"),
    ]);
  });

  it("begins at a midnight, today being its last day, and is never longer than the api allows", () => {
    const now = new Date(2026, 10, 28, 23, 59, 59).getTime();
    expect(beginOf("7d", now)).toBe(new Date(2026, 10, 22).toISOString());
    expect(now - Date.parse(beginOf("90d", now))).toBeLessThan(90 * 86_400_000 + 3_600_000);
  });
});

describe("the bar of the last executions", () => {
  it("is told in words, a status of a later version too", () => {
    const last = (["PASSED", "PASSED", "FAILED", "LATER"] as const).map((status, index) => ({
      taskId: String(index),
      status: status as "PASSED",
      endedAt: "2026-01-01T00:00:00Z",
    }));
    expect(wordsOf(last)).toBe("of the last 4: 2 passed, 1 failed, 1 later");
  });
});
