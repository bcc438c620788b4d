import fc from "fast-check";
import { expect, test } from "vitest";
import { type Loaded, Outwards } from "../../src/live/outwards";

/** An output of so many chunks of which some are here; others come when they are wanted. */
class Fake implements Loaded {
  readonly wanted: [number, number][] = [];
  readonly failed = new Set<number>();
  readonly here: Set<number>;
  #listener: (change: { loaded: number[]; dropped: boolean }) => void = () => {};

  constructor(
    readonly length: number,
    here: number[],
  ) {
    this.here = new Set(here);
  }
  text(index: number) {
    return this.here.has(index) || undefined;
  }
  holeAt(index: number) {
    return this.failed.has(index) ? { kind: "failed" } : undefined;
  }
  listen(listener: (change: { loaded: number[]; dropped: boolean }) => void) {
    this.#listener = listener;
    return () => {
      this.#listener = () => {};
    };
  }
  comes(from: number, to: number, dropped = false) {
    for (let at = from; at <= to; at++) if (!this.failed.has(at)) this.here.add(at);
    this.#listener({ loaded: [], dropped });
  }
}

test("all is read, each page once the one before is here", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.array(fc.nat(499)), fc.nat(499), (length, absent, first) => {
      const output = new Fake(length, [first % length]);
      for (const each of absent) if (each !== first % length) output.failed.add(each);
      const outwards = new Outwards(output, (from, to) => output.wanted.push([from - 1, to - 1]));
      outwards.next();
      for (let at = 0; at < output.wanted.length; at++) output.comes(...(output.wanted[at] as [number, number]));
      expect(output.wanted.every(([from, to]) => to - from < 64)).toBe(true);
      const expected = Array.from({ length }, (_, at) => at).filter((at) => !output.failed.has(at));
      expect([...output.here].filter((at) => at < length).sort((one, other) => one - other)).toEqual(expected);
    }),
  );
});

test("it begins at what is here, and ends where text was dropped", () => {
  const output = new Fake(1000, [500]);
  const outwards = new Outwards(output, (from, to) => output.wanted.push([from - 1, to - 1]));
  outwards.next();
  outwards.next();
  expect(output.wanted).toEqual([[436, 499]]);
  output.comes(436, 499);
  expect(output.wanted[1]).toEqual([501, 564]);
  output.comes(501, 564, true);
  outwards.next();
  expect(output.wanted).toHaveLength(2);
});
