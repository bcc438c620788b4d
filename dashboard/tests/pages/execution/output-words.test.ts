import { expect, test } from "vitest";
import type { Execution } from "../../../src/live/execution";
import { footWords, type OutputFacts, size, waitingWords } from "../../../src/pages/execution/output-words";

const end = { lastSeq: 2, bytes: 25_000_000, sha256: "4bf7aa00bb11cc22", lines: 200_000 };
const live: OutputFacts = {
  phase: "live",
  level: true,
  behind: 0,
  error: null,
  complete: null,
  end: null,
  isEmpty: false,
};
const over: OutputFacts = { ...live, phase: "ended", end, complete: true };

test.each<[string, OutputFacts, boolean, string]>([
  ["live", live, false, "● live · 3 lines"],
  ["behind", { ...live, level: false, behind: 2 }, false, "◐ catching up · 3 lines"],
  ["failing", { ...live, level: false, error: "store (503)" }, false, "◐ store (503); trying again · 3 lines"],
  ["offline", live, true, "○ offline · 3 lines so far"],
  ["complete", over, false, "✓ Complete: 3 lines, 25.0 MB, SHA-256 4bf7aa00…"],
  ["complete and offline", over, true, "✓ Complete: 3 lines, 25.0 MB, SHA-256 4bf7aa00…"],
  [
    "less than recorded",
    { ...over, complete: false },
    false,
    "✗ Incomplete: 3 lines are here, and 200,000 were recorded",
  ],
  ["not recorded", { ...over, end: null, complete: null }, false, "Ended; completeness was not recorded · 3 lines"],
  ["deleted", { ...live, phase: "gone" }, false, "Deleted: 3 lines were here"],
])("the foot of what is %s", (_, facts, isOffline, words) => {
  expect(footWords(facts, "3 lines", isOffline)).toBe(words);
});

test.each<[Partial<Execution>, boolean, string]>([
  [{ status: "PENDING", queuePosition: 2 }, false, "#2 in queue (pool default)"],
  [{ status: "PENDING" }, false, "In queue (pool default)"],
  [{ status: "RUNNING", phase: "pulling" }, false, "Pulling python:3.12"],
  [{ status: "RUNNING", phase: "starting" }, false, "Starting"],
  [{ status: "RUNNING" }, false, "It has written nothing yet"],
  [{ status: "PASSED" }, true, "It wrote nothing"],
])("of %j, over: %s, there is no output since: %s", (given, isOver, words) => {
  expect(waitingWords({ pool: "default", image: "python:3.12", ...given } as Execution, isOver)).toBe(words);
});

test("sizes are read as people write them", () => {
  expect([0, 999, 1000, 999_999, 25_040_000].map(size)).toEqual(["0 B", "999 B", "1.0 KB", "1000.0 KB", "25.0 MB"]);
});
