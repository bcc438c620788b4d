import { expect, test } from "vitest";
import { listed, toggled } from "../../../src/pages/executions/filters/statuses";

test("a group is put in and taken out as a whole, beside what else is chosen", () => {
  const both = toggled("PASSED", ["FAILED", "ERROR", "TIMED_OUT"]);
  expect(both).toBe("PASSED,FAILED,ERROR,TIMED_OUT");
  expect(toggled(both, ["FAILED", "ERROR", "TIMED_OUT"])).toBe("PASSED");
  expect(toggled("FAILED", ["FAILED", "ERROR"])).toBe("FAILED,ERROR");
  expect(toggled("FAILED", ["FAILED"])).toBeUndefined();
  expect(listed("FAILED,x,PASSED")).toEqual(["FAILED", "PASSED"]);
});
