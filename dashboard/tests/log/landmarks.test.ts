import { describe, expect, it } from "vitest";
import { LandmarkList } from "../../src/log/landmark-list";
import { landmarksOf } from "../../src/log/landmarks";

const of = (text: string) => landmarksOf(text).map(({ line, kind, title }) => `${line} ${kind} ${title}`);

describe("landmarks", () => {
  it.each([
    ["::group::Install", "0 heading Install"],
    ["##[group]Install", "0 heading Install"],
    ["--- Build", "0 heading Build"],
    ["+++ :test_tube: Test", "0 heading :test_tube: Test"],
    ["=============== test session starts ===============", "0 heading test session starts"],
    ["\x1b[1m=== short test summary info ===\x1b[0m", "0 heading short test summary info"],
    [
      "\x1b[31m===== \x1b[31m\x1b[1m1 failed\x1b[0m, \x1b[32m2 passed\x1b[0m in 2.1s =====\x1b[0m",
      "0 failure 1 failed, 2 passed in 2.1s",
    ],
    ["=== 3 passed in 1s ===", "0 heading 3 passed in 1s"],
    ["=== 0 failed ===", "0 heading 0 failed"],
    ["FAILED tests/test_a.py::test_b - assert 1 == 2", "0 failure FAILED tests/test_a.py::test_b - assert 1 == 2"],
    ["\x1b[31mFAILED\x1b[0m tests/test_a.py", "0 failure FAILED tests/test_a.py"],
    ["ERROR tests/test_a.py", "0 failure ERROR tests/test_a.py"],
    ["Traceback (most recent call last):", "0 failure Traceback (most recent call last):"],
    ["panic: runtime error", "0 failure panic: runtime error"],
    ["error: no such file", "0 failure error: no such file"],
    ["error[E0382]: borrow of moved value", "0 failure error[E0382]: borrow of moved value"],
    ["    --- FAIL: TestA/b (0.00s)", "0 failure --- FAIL: TestA/b (0.00s)"],
    ["::error file=a.py,line=1::broken", "0 failure broken"],
  ])("of %j", (line, landmark) => {
    expect(of(line)).toEqual([landmark]);
  });

  it.each([
    "all is well",
    " error: not at the beginning",
    "errors: 0",
    "FAILEDX",
    "--- PASS: TestA",
    "--- ",
    "===",
    "=========",
    "a === b === c",
    "::set-output name=x::y",
    "--- a/file\n+++ b/file",
    "\x1b[31m--- a/file\x1b[0m\n\x1b[32m+++ b/file\x1b[0m",
  ])("are not in %j", (line) => {
    expect(of(line)).toEqual([]);
  });

  it("have the numbers of their lines", () => {
    expect(of("a\n\n--- One\nb\nerror: x\nerror: y")).toEqual([
      "2 heading One",
      "4 failure error: x",
      "5 failure error: y",
    ]);
  });

  it("are found in linear time in lines made for it", () => {
    expect(of(`=== ${"= ".repeat(8000)}`)).toEqual([]);
    expect(of(`error${"[".repeat(16000)}`)).toEqual([]);
    expect(of("=".repeat(16000))).toEqual([]);
  });
});

describe("the list", () => {
  const list = () => {
    const made = new LandmarkList();
    made.add(3, "error: late");
    made.add(1, "--- Build\nerror: early");
    made.add(1, "--- Build\nerror: early");
    return made;
  };

  it("is in the output's order, each once", () => {
    expect(list().all.map(({ chunk, line }) => [chunk, line])).toEqual([
      [1, 0],
      [1, 1],
      [3, 0],
    ]);
  });

  it("steps through failures, around the ends", () => {
    const made = list();
    expect(made.next(0, 0, "failure")?.title).toBe("error: early");
    expect(made.next(1, 1, "failure")?.title).toBe("error: late");
    expect(made.next(3, 0, "failure")?.title).toBe("error: early");
    expect(made.previous(3, 0, "failure")?.title).toBe("error: early");
    expect(made.previous(1, 1, "failure")?.title).toBe("error: late");
    expect(made.previous(1, 1)?.title).toBe("Build");
    expect(new LandmarkList().next(0, 0)).toBeNull();
  });

  it("is bounded", () => {
    const made = new LandmarkList();
    for (let chunk = 0; chunk < 200; chunk++) made.add(chunk, "error: x\n".repeat(1000));
    expect(made.all.length).toBe(20_000);
    expect(made.full).toBe(true);
  });
});
