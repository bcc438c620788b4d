import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Find, type FindQuery, type FindSource, type Match } from "../../src/log/find";
import { stripSgr } from "../../src/log/sgr";

/** A source that notes in which order it was read, and slices that run when they are asked to. */
function ground(chunks: (string[] | undefined)[], millisecondsEach = 0) {
  const read: number[] = [];
  let clock = 0;
  const source: FindSource = {
    get chunkCount() {
      return chunks.length;
    },
    lines(chunk) {
      read.push(chunk);
      clock += millisecondsEach;
      return chunks[chunk];
    },
  };
  const slices: (() => void)[] = [];
  const later = (slice: () => void) => {
    slices.push(slice);
    return () => void slices.splice(slices.indexOf(slice), 1);
  };
  let told = 0;
  const find = new Find(
    source,
    () => told++,
    later,
    () => clock,
  );
  const run = () => {
    let ran = 0;
    for (let slice = slices.shift(); slice; slice = slices.shift()) {
      slice();
      ran += 1;
    }
    return ran;
  };
  return { find, read, run, slices, told: () => told };
}

function found(chunks: string[][], query: FindQuery): string[] {
  const { find, run } = ground(chunks);
  find.start(query, 0);
  run();
  return Array.from({ length: find.total }, (_, index) => {
    const { chunk, line, start, end } = find.at(index) as Match;
    return `${chunk}:${line} ${stripSgr(chunks[chunk]?.[line] ?? "").slice(start, end)}`;
  });
}

describe("a query", () => {
  it.each<[FindQuery, string[]]>([
    [{ text: "error" }, ["0:0 ERROR", "1:1 error", "1:1 Error"]],
    [{ text: "error", matchCase: true }, ["1:1 error"]],
    [{ text: "e.ror" }, []],
    [{ text: "e.ror", pattern: true }, ["0:0 ERROR", "1:1 error", "1:1 Error"]],
    [{ text: "^[a-z]+", pattern: true, matchCase: true }, ["0:0 an", "0:1 hello", "1:0 plain", "1:1 an", "2:0 a"]],
    [{ text: "hello red world" }, ["0:1 hello red world"]],
    [{ text: "[31m" }, []],
    [{ text: "a+b(c)" }, ["2:0 a+b(c)"]],
    [{ text: "STRASSE" }, []],
    [{ text: "STRAẞE" }, ["2:1 Straße"]],
    [{ text: "😀" }, ["2:1 😀"]],
    [{ text: "" }, []],
  ])("%j", (query, expected) => {
    const chunks = [
      ["an ERROR", "hello \x1b[31mred\x1b[0m world"],
      ["plain", "an error Error"],
      ["a+b(c)", "Straße İ 😀"],
    ];
    expect(found(chunks, query)).toEqual(expected);
  });

  it("has places in the line without control sequences, also behind letters that fold to more", () => {
    const { find, run } = ground([["\x1b[1mİİ\x1b[0mßx"]]);
    find.start({ text: "X" }, 0);
    run();
    expect(find.matches(0)).toEqual([{ chunk: 0, line: 0, start: 3, end: 4 }]);
  });

  it("that is no pattern says so, and the next one works", () => {
    const { find, run, told } = ground([["a("]]);
    find.start({ text: "(", pattern: true }, 0);
    expect(find.error).toContain("This is no pattern");
    expect([find.done, told()]).toEqual([true, 1]);
    find.start({ text: "(" }, 0);
    run();
    expect([find.error, find.total]).toEqual([null, 1]);
  });

  it("that takes too long ends with words", () => {
    const { find, run } = ground([["a".repeat(16_000)]]);
    find.start({ text: "a(.*b)?", pattern: true }, 0);
    run();
    expect(find.error).toContain("takes too long");
    expect(find.done).toBe(true);
  });
});

describe("the search", () => {
  const tens = () => Array.from({ length: 10 }, (_, chunk) => [`x ${chunk}`]);

  it("goes outwards from the view, in slices of 8 ms", () => {
    const { find, read, run } = ground(tens(), 3);
    find.start({ text: "x" }, 6);
    expect(run()).toBe(4);
    expect(read).toEqual([6, 5, 7, 4, 8, 3, 9, 2, 1, 0]);
    expect([find.total, find.done, find.unsearched]).toEqual([10, true, 0]);
  });

  it("goes on with chunks that are added", () => {
    const chunks: (string[] | undefined)[] = tens();
    const { find, read, run } = ground(chunks);
    find.start({ text: "x" }, 0);
    run();
    chunks.push(["x", "x"], ["y"]);
    find.changed();
    run();
    expect([find.total, read.slice(10)]).toEqual([12, [10, 11]]);
  });

  it("counts what is not loaded, and searches it when it comes", () => {
    const chunks: (string[] | undefined)[] = [["x"], undefined, ["x"]];
    const { find, run } = ground(chunks);
    find.start({ text: "x" }, 0);
    run();
    expect([find.total, find.unsearched, find.done]).toEqual([2, 1, true]);
    chunks[1] = ["xx"];
    find.changed(1);
    find.changed(1);
    run();
    expect([find.total, find.unsearched]).toEqual([4, 0]);
  });

  it("is cancelled at once, and by another", () => {
    const { find, read, run, slices } = ground(tens(), 3);
    find.start({ text: "x" }, 0);
    slices.shift()?.();
    find.cancel();
    expect([run(), read.length, find.total, find.done]).toEqual([0, 3, 0, true]);
    find.start({ text: "x 1" }, 0);
    find.start({ text: "x 2" }, 0);
    run();
    expect(find.total).toBe(1);
  });

  it("begins where there is nothing yet", () => {
    const chunks: string[][] = [];
    const { find, run } = ground(chunks);
    find.start({ text: "x" }, 5);
    run();
    chunks.push(["x"]);
    find.changed();
    run();
    expect(find.total).toBe(1);
  });
});

describe("stepping", () => {
  const chunks = [["a x"], ["none"], ["x", "x x"]];
  const started = () => {
    const { find, run } = ground(chunks);
    find.start({ text: "x" }, 0);
    run();
    return find;
  };

  it("goes from match to match, both ways and around the ends", () => {
    const find = started();
    const places: number[] = [];
    let match = find.next({ chunk: 0, line: 0, start: -1 });
    for (let step = 0; step < 5 && match; step++, match = find.next(match)) places.push(find.before(match));
    expect(places).toEqual([0, 1, 2, 3, 0]);
    for (let step = 0; step < 5 && match; step++, match = find.previous(match)) places.push(find.before(match));
    expect(places.slice(5)).toEqual([1, 0, 3, 2, 1]);
  });

  it("finds nothing where there is nothing", () => {
    const { find, run } = ground(chunks);
    find.start({ text: "absent" }, 0);
    run();
    expect([find.next({ chunk: 0, line: 0, start: 0 }), find.previous({ chunk: 2, line: 0, start: 0 })]).toEqual([
      null,
      null,
    ]);
    expect([find.at(0), find.matches(1)]).toEqual([null, []]);
  });

  it("knows the number of every match", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom("x", "", "xx", "a\x1b[1mx"))), fc.nat(9), (lines, around) => {
        const { find, run } = ground(lines);
        find.start({ text: "x" }, around);
        run();
        const count = lines.flat().join().split("x").length - 1;
        expect(find.total).toBe(count);
        for (let index = 0; index < count; index++) expect(find.before(find.at(index) as Match)).toBe(index);
      }),
    );
  });
});

describe("more matches than are kept", () => {
  const line = "x".repeat(1000);
  const chunks: (string[] | undefined)[] = Array.from({ length: 12 }, () => Array(10).fill(line));
  const { find, run } = ground(chunks);
  find.start({ text: "x" }, 0);
  run();

  it("are counted, and looked for again", () => {
    expect(find.total).toBe(120_000);
    expect(find.at(119_999)).toEqual({ chunk: 11, line: 9, start: 999, end: 1000 });
  });

  it("lead to their chunk while its text is not here", () => {
    chunks[11] = undefined;
    expect(find.at(119_999)).toEqual({ chunk: 11, line: 0, start: 0, end: 0 });
    expect(find.at(5)).toEqual({ chunk: 0, line: 0, start: 5, end: 6 });
  });
});
