import { expect, it } from "vitest";
import { Filter } from "../../../src/log/pattern/filter";
import { compiled } from "../../../src/log/pattern/program";
import { parsed } from "../../../src/log/pattern/syntax";

/** An automaton of this pattern has 2^14 states if all are kept. */
const WIDE = "(?:a|b)*a(?:a|b){13}c";

it("a filter keeps no more than 1,000 states, and is right all the same", () => {
  const filter = new Filter(compiled(parsed(WIDE, false)));
  let bits = 1;
  const line = Array.from({ length: 20_000 }, () => {
    bits = (bits * 1103515245 + 12345) % 2 ** 31;
    return bits & 0x10000 ? "a" : "b";
  }).join("");
  expect(filter.passes(line)).toBe(false);
  expect(filter.passes(`${line}a${"b".repeat(13)}c`)).toBe(true);
  expect(filter.size).toBeLessThanOrEqual(1000);
});

it("a filter lets through what an assertion may forbid, and nothing that the rest does", () => {
  const filter = new Filter(compiled(parsed("^ab$", false)));
  expect([filter.passes("xabx"), filter.passes("axb")]).toEqual([true, false]);
});
