import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cursor } from "../../src/live/cursor";
import type { OutputChunk } from "../../src/log/sink";

const KEY = { taskId: "t", attempt: 1 };
const ABSENT = "the store does not have them";
const wire = (seq: number, more: object = {}) => ({ ...KEY, seq, log: `line ${seq}`, ts: 1, ...more });
const page = (seqs: number[], more = false) => ({ ...KEY, chunks: seqs.map((seq) => wire(seq)), after: 0, more });

function ground(seq = 0) {
  const added: number[] = [];
  const holes: unknown[] = [];
  const reads: [number, number, number][] = [];
  const cursor = new Cursor(
    KEY,
    {
      read: (...asked) => reads.push(asked),
      add: (chunk) => added.push(chunk.seq),
      hole: (...told) => holes.push(told),
      changed: () => {},
    },
    seq,
  );
  return { cursor, added, holes, reads };
}

describe("an event", () => {
  it("that is the next one is added, one that came before dropped", () => {
    const { cursor, added, reads } = ground(4);
    for (const seq of [5, 5, 3, 6]) cursor.log(wire(seq));
    expect([added, cursor.seq, cursor.level, reads]).toEqual([[5, 6], 6, true, []]);
  });

  it("beyond the next one is held, and what is before it read until it joins", () => {
    const { cursor, added, holes, reads } = ground(4);
    cursor.log(wire(8));
    expect([holes, added, reads, cursor.behind]).toEqual([[[5, 7, null]], [8], [[4, 64, 0]], 3]);
    cursor.log(wire(9));
    cursor.answered(4, page([5, 6], true));
    expect([reads.at(-1), cursor.behind, cursor.level]).toEqual([[6, 64, 0], 1, false]);
    cursor.answered(6, page([7, 8, 9, 10]));
    expect([added, cursor.seq, cursor.level]).toEqual([[8, 9, 5, 6, 7, 10], 10, true]);
  });

  it("with another hole behind tells of that", () => {
    const { cursor, holes } = ground();
    for (const seq of [3, 6, 4, 2]) cursor.log(wire(seq));
    expect(holes).toEqual([
      [1, 2, null],
      [4, 5, null],
    ]);
  });

  it.each<[string, unknown]>([
    ["of another execution", wire(1, { taskId: "other" })],
    ["of another attempt", wire(1, { attempt: 2 })],
    ["without a number", wire(1, { seq: "1" })],
    ["with number 0", wire(0)],
    ["with a number between", wire(1.5)],
    ["with a number beyond all", wire(2 ** 60)],
    ["without a text", wire(1, { log: null })],
    ["that is none", "text"],
    ["that is nothing", null],
  ])("%s is left out", (_, event) => {
    const { cursor, added, reads } = ground();
    cursor.log(event);
    expect([added, reads]).toEqual([[], []]);
  });

  it("beyond 2^31 counts as any other", () => {
    const { cursor, added, reads } = ground(2 ** 31);
    cursor.log(wire(2 ** 31 + 1));
    cursor.log(wire(2 ** 31 + 3));
    expect([added, reads]).toEqual([[2 ** 31 + 1, 2 ** 31 + 3], [[2 ** 31 + 1, 64, 0]]]);
  });

  it("too far ahead to show a hole for only leads to a read", () => {
    const { cursor, added, holes, reads } = ground(1);
    cursor.log(wire(2 ** 32));
    expect([added, holes, reads]).toEqual([[], [], [[1, 64, 0]]]);
    cursor.answered(1, page([]));
    expect(cursor.level).toBe(true);
  });

  it("is not held beside 1,000 others, but read", () => {
    const { cursor, added, reads } = ground();
    for (let seq = 2; seq < 1200; seq++) cursor.log(wire(seq));
    expect(added.length).toBe(1000);
    cursor.answered(0, page([1]));
    expect([cursor.seq, reads.at(-1)]).toEqual([1001, [1001, 64, 0]]);
  });
});

describe("a signal", () => {
  it.each<[string, (cursor: Cursor) => void, boolean]>([
    ["joined, not recovered", (cursor) => cursor.joined(false), true],
    ["joined, recovered", (cursor) => cursor.joined(true), false],
    ["resync of all", (cursor) => cursor.resync(), true],
    ["resync of this", (cursor) => cursor.resync("t"), true],
    ["resync of another", (cursor) => cursor.resync("other"), false],
    ["visible after long", (cursor) => cursor.visible(5001), true],
    ["visible after short", (cursor) => cursor.visible(5000), false],
    ["online", (cursor) => cursor.online(), true],
    ["ended, with more", (cursor) => cursor.ended(9), true],
    ["ended, with this", (cursor) => cursor.ended(7), false],
    ["ended, unrecorded", (cursor) => cursor.ended(null), true],
  ])("%s", (_, send, isRead) => {
    const { cursor, reads } = ground(7);
    send(cursor);
    expect(reads).toEqual(isRead ? [[7, 64, 0]] : []);
    expect(cursor.level).toBe(!isRead);
  });

  it("during a read leads to another one", () => {
    const { cursor, reads } = ground();
    cursor.online();
    cursor.resync();
    cursor.answered(0, page([]));
    expect([reads.length, cursor.level]).toEqual([2, false]);
    cursor.answered(0, page([]));
    expect([reads.length, cursor.level]).toEqual([2, true]);
  });

  it("of the end reads until the last chunk", () => {
    const { cursor, reads } = ground();
    cursor.ended(3);
    cursor.answered(0, page([1]));
    cursor.answered(1, page([2, 3]));
    expect([reads.length, cursor.seq, cursor.level]).toEqual([2, 3, true]);
  });
});

describe("an answer", () => {
  it.each<[string, unknown]>([
    ["nothing", null],
    ["text", "<html>"],
    ["another execution", { ...page([1]), taskId: "other" }],
    ["another attempt", { ...page([1]), attempt: 2 }],
    ["no chunks", { ...KEY }],
  ])("that is %s is a failure", (_, body) => {
    const { cursor, added, reads } = ground();
    cursor.online();
    cursor.answered(0, body);
    expect(cursor.error).toContain("something else");
    expect([added, reads.at(-1)]).toEqual([[], [0, 64, 1]]);
  });

  it("with chunks of others, doubles and disorder gives what is asked for", () => {
    const { cursor, added } = ground(1);
    cursor.online();
    const chunks = [wire(3), wire(1), wire(2, { taskId: "other" }), wire(2), wire(2), { seq: 4 }];
    cursor.answered(1, { ...page([]), chunks });
    expect([added, cursor.seq]).toEqual([[2, 3], 3]);
  });

  it("that nobody waits for is left out", () => {
    const { cursor, added } = ground(1);
    cursor.answered(1, page([2]));
    cursor.online();
    cursor.answered(0, page([1, 2]));
    cursor.failed(0, "late");
    expect([added, cursor.error]).toEqual([[], null]);
  });

  it("that says there is more, and brings nothing, is asked for again with patience", () => {
    const { cursor, reads } = ground();
    cursor.online();
    for (let time = 0; time < 3; time++) cursor.answered(0, page([], true));
    expect(reads.map(([, , tries]) => tries)).toEqual([0, 1, 2, 3]);
  });
});

describe("what cannot be read", () => {
  it("is a hole with the reason, and heals", () => {
    const { cursor, holes, reads } = ground();
    cursor.log(wire(3));
    cursor.failed(0, "store does not answer (503)");
    expect([holes.at(-1), cursor.error]).toEqual([
      [1, 2, "store does not answer (503)"],
      "store does not answer (503)",
    ]);
    expect(reads.at(-1)).toEqual([0, 64, 1]);
    cursor.answered(0, page([1, 2, 3]));
    expect([cursor.error, cursor.level, cursor.seq]).toEqual([null, true, 3]);
  });

  it("is read again at once when somebody says so", () => {
    const { cursor, holes, reads } = ground();
    cursor.log(wire(3));
    cursor.failed(0, "away");
    cursor.failed(0, "away");
    cursor.retry();
    cursor.failed(0, "away");
    expect(holes.slice(-2)).toEqual([
      [1, 2, null],
      [1, 2, "away"],
    ]);
    expect(reads.map(([, , tries]) => tries)).toEqual([0, 1, 2, 1]);
  });

  it("as the store does not have it is passed over, and taken when it comes", () => {
    const { cursor, added, holes, reads } = ground();
    for (let time = 0; time < 4; time++) {
      cursor.log(wire(4));
      cursor.answered(0, page([4, 5]));
    }
    expect([holes.at(-1), cursor.seq, cursor.lost, cursor.level]).toEqual([[1, 3, ABSENT], 5, 3, true]);
    expect(reads.length).toBe(4);
    cursor.log(wire(2));
    cursor.online();
    cursor.answered(0, page([1]));
    cursor.answered(2, page([3, 4, 5, 6]));
    expect([added, cursor.lost, reads.at(-1)]).toEqual([[4, 5, 2, 1, 3, 6], 0, [6, 64, 0]]);
    cursor.answered(6, page([]));
    expect(cursor.level).toBe(true);
  });

  it("and was passed over is asked for once with each signal", () => {
    const { cursor, reads } = ground();
    cursor.log(wire(2));
    for (let time = 0; time < 3; time++) cursor.answered(0, page([]));
    cursor.online();
    cursor.answered(0, page([2]));
    cursor.answered(2, page([]));
    expect([cursor.level, cursor.lost, reads.length]).toEqual([true, 1, 5]);
  });

  it("of an ended attempt is given up at its end, until the next signal", () => {
    const { cursor, reads } = ground();
    cursor.ended(3);
    for (let time = 0; time < 9; time++) cursor.answered(0, page([]));
    expect([reads.length, cursor.error, cursor.level]).toEqual([5, ABSENT, false]);
    cursor.online();
    expect(reads.length).toBe(6);
  });
});

describe("any order, loss, doubles and cuts", () => {
  type Turn =
    | "produce"
    | "deliver"
    | "lose"
    | "double"
    | "swap"
    | "cut"
    | "recover"
    | "answer"
    | "fail"
    | "strange"
    | "hide";
  const turns = fc.array(
    fc.constantFrom<Turn>(
      ...(["produce", "produce", "deliver", "deliver", "lose", "double", "swap", "cut", "recover"] as const),
      ...(["answer", "answer", "fail", "strange", "hide"] as const),
    ),
    { maxLength: 200 },
  );

  it("end with the source's text", () => {
    fc.assert(fc.property(turns, fc.nat(3), fc.integer({ min: 1, max: 5 }), run), { numRuns: 2000 });
  });

  function run(course: Turn[], start: number, size: number): void {
    const stored = Array.from({ length: start }, (_, index) => wire(index + 1, { log: `${index + 1} ä\x1b[1m` }));
    const sent: ReturnType<typeof wire>[] = [];
    const shown = new Map<number, OutputChunk>();
    let asked: number | null = null;
    let isMissing = false;
    const cursor = new Cursor(KEY, {
      read: (after) => {
        expect(asked).toBeNull();
        asked = after;
      },
      add: (chunk) => {
        expect(shown.has(chunk.seq)).toBe(false);
        shown.set(chunk.seq, chunk);
      },
      hole: (from, to) => expect(to).toBeGreaterThanOrEqual(from),
      changed: () => {},
    });
    const answer = (body: unknown) => {
      const after = asked;
      asked = null;
      if (after !== null) cursor.answered(after, body);
    };
    const pageAfter = (after: number) => {
      const chunks = stored.slice(after, after + size);
      return { ...KEY, chunks, after: after + chunks.length, more: after + size < stored.length };
    };
    const actions: Record<Turn, () => void> = {
      produce: () => {
        const made = wire(stored.length + 1, { log: `${stored.length + 1} ö` });
        stored.push(made);
        sent.push(made);
      },
      deliver: () => cursor.log(sent.shift()),
      lose: () => {
        isMissing = sent.shift() !== undefined || isMissing;
      },
      double: () => cursor.log(sent[0]),
      swap: () => sent.reverse(),
      cut: () => {
        sent.length = 0;
        cursor.joined(false);
      },
      recover: () => cursor.joined(true),
      answer: () => asked !== null && answer(pageAfter(asked)),
      fail: () => {
        const after = asked;
        asked = null;
        if (after !== null) cursor.failed(after, "away");
      },
      strange: () => asked !== null && answer({ ...KEY, chunks: [null, wire(1, { attempt: 2 })], more: false }),
      hide: () => cursor.visible(6000),
    };
    cursor.online();
    for (const turn of course) actions[turn]();
    while (sent.length > 0) cursor.log(sent.pop());
    if (isMissing) cursor.resync("t");
    cursor.ended(stored.length);
    for (let left = 1000; asked !== null && left > 0; left--) answer(pageAfter(asked));
    expect([cursor.level, cursor.seq, cursor.behind, cursor.lost]).toEqual([true, stored.length, 0, 0]);
    const text = (chunks: Iterable<{ log: string }>) => Array.from(chunks, ({ log }) => `${log}\n`).join("");
    const ordered = [...shown.values()].sort((one, other) => one.seq - other.seq);
    expect(sha256(text(ordered))).toBe(sha256(text(stored)));
  }
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
