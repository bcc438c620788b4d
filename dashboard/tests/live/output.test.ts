import { describe, expect, it, vi } from "vitest";
import { Output } from "../../src/live/output";
import { delay } from "../../src/live/reading";
import { Api, KEY, log, Sink, Waits, wire } from "./parts/api";

function ground(stored: number) {
  const api = new Api(stored);
  const sink = new Sink();
  const waits = new Waits();
  const changed = vi.fn();
  const output = new Output({ key: KEY, read: api.read, sink, changed, wait: waits.wait });
  return { api, sink, waits, changed, output };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const until = (check: () => void) => vi.waitFor(check, { interval: 1 });
const failure = (status: number) => Object.assign(new Error("store does not answer"), { status });

describe("opening", () => {
  it("at the end knows all lines, and has the last page", async () => {
    const { api, sink, output } = ground(50);
    await output.open("end");
    expect(api.asked).toEqual(["?before=&limit=16", "/index?after=0"]);
    expect(sink.seqs).toEqual(range(47, 50));
    expect(sink.counts).toEqual(range(1, 50).map((seq) => log(seq).split("\n").length));
    expect([output.phase, output.seq, output.level, output.lines]).toEqual(["live", 50, true, 101]);
  });

  it("reads an index of several pages", async () => {
    const { api, sink, output } = ground(50);
    api.indexSize = 20;
    await output.open("end");
    expect(api.asked.filter((asked) => asked.includes("index")).length).toBe(3);
    expect([sink.counts.length, output.seq]).toEqual([50, 50]);
  });

  it("at a line reads its page", async () => {
    const { api, output } = ground(50);
    await output.open({ line: 120 });
    expect(api.asked[0]).toBe("?line=120&limit=16");
  });

  it("works without line numbers, and without any output", async () => {
    const old = ground(5);
    old.api.uncounted.add(2);
    await old.output.open("end");
    expect([old.sink.counts, old.output.lines]).toEqual([[2, null, 1, 2, 3], null]);
    const empty = ground(0);
    await empty.output.open("end");
    expect([empty.output.phase, empty.output.lines, empty.output.level]).toEqual(["live", 0, true]);
  });

  it("is tried again while the store is away, and says why", async () => {
    const { api, waits, output, changed } = ground(9);
    api.failure = failure(503);
    const opened = output.open("end");
    await until(() => expect(output.error).toBe("store does not answer (503)"));
    expect([output.phase, changed.mock.calls.length]).toEqual(["opening", 1]);
    api.failure = null;
    waits.end();
    await opened;
    expect([output.error, output.seq]).toEqual([null, 9]);
  });

  it.each([null, "<html>", { ...KEY, counts: 3 }, { taskId: "other", attempt: 2, counts: [1] }])(
    "does not take %j for an index",
    async (strange) => {
      const { api, output } = ground(9);
      api.strange = strange ?? [];
      void output.open("end");
      await until(() => expect(output.error).toContain("something else than an index"));
      output.close();
    },
  );

  it("of an execution that is gone ends", async () => {
    const { api, output } = ground(9);
    api.failure = failure(404);
    await output.open("end");
    expect(output.phase).toBe("gone");
  });
});

describe("following", () => {
  it("adds events, and reads what was missed", async () => {
    const { api, sink, output } = ground(3);
    await output.open("end");
    api.stored = 8;
    output.log(wire(4));
    output.log(wire(7));
    expect(sink.failed).toEqual(["5 fetching", "6 fetching"]);
    await until(() => expect(output.level).toBe(true));
    expect([sink.seqs, sink.failed, output.seq]).toEqual([range(1, 8), [], 8]);
    expect(api.asked.slice(2)).toEqual(["?after=4&limit=64"]);
  });

  it("reads on after events that came while it was opened", async () => {
    const { api, sink, output } = ground(3);
    const opened = output.open("end");
    output.log(wire(4));
    api.stored = 5;
    await opened;
    await until(() => expect(output.level).toBe(true));
    expect(sink.seqs).toContain(5);
  });

  it("reads after an unrecovered connection, with patience while that fails", async () => {
    const { api, sink, waits, output } = ground(3);
    await output.open("end");
    api.stored = 5;
    api.failure = failure(503);
    output.joined(false);
    await until(() => expect(output.error).toBe("store does not answer (503)"));
    waits.end();
    await until(() => expect(waits.lengths.length).toBe(2));
    expect(waits.lengths[1]).toBeGreaterThan(waits.lengths[0] as number);
    api.failure = null;
    output.retry();
    await until(() => expect(output.level).toBe(true));
    expect([sink.seqs.includes(5), output.error]).toEqual([true, null]);
  });

  it("stops when the execution is deleted, and keeps what is here", async () => {
    const { api, sink, output } = ground(3);
    await output.open("end");
    api.failure = failure(404);
    output.resync(KEY.taskId);
    await until(() => expect(output.phase).toBe("gone"));
    const asked = api.asked.length;
    output.online();
    output.need(1, 2);
    expect([sink.seqs, api.asked.length]).toEqual([[1, 2, 3], asked]);
  });

  it("ends with what was recorded", async () => {
    const { api, output } = ground(3);
    await output.open("end");
    expect([output.phase, output.complete]).toEqual(["live", null]);
    api.stored = 9;
    output.ended({ lastSeq: 9, bytes: 1, sha256: "", lines: 18 });
    expect([output.phase, output.complete, output.behind]).toEqual(["ended", null, 6]);
    await until(() => expect(output.complete).toBe(true));
  });

  it.each([
    { lastSeq: 2, bytes: 1, sha256: "" },
    { lastSeq: 3, bytes: 1, sha256: "", lines: 7 },
  ])("ends otherwise than %j says", async (end) => {
    const { output } = ground(3);
    output.ended(end);
    await output.open("end");
    expect(output.complete).toBe(false);
  });

  it("goes on behind what the store lost, and is not complete then", async () => {
    const { api, sink, waits, output } = ground(20);
    api.absent = new Set([3, 4]);
    output.ended({ lastSeq: 20, bytes: 1, sha256: "" });
    await output.open("end");
    for (let tries = 1; tries < 3; tries++) {
      await until(() => expect(waits.lengths.length).toBe(tries));
      waits.end();
    }
    await until(() => expect(output.level).toBe(true));
    expect(sink.seqs.filter((seq) => seq > 2)).toEqual(range(5, 20));
    expect(sink.failed).toEqual(["3 the store does not have them", "4 the store does not have them"]);
    expect([output.seq, output.complete]).toEqual([20, false]);
    api.absent.clear();
    output.retry();
    await until(() => expect(output.complete).toBe(true));
    expect(sink.failed).toEqual([]);
  });

  it("ends without a proof", async () => {
    const { api, output } = ground(3);
    await output.open("end");
    api.stored = 4;
    output.ended(null);
    await until(() => expect(output.level).toBe(true));
    expect([output.phase, output.seq, output.complete]).toEqual(["ended", 4, null]);
  });

  it("asks nobody any more once it is closed", async () => {
    const { api, output } = ground(3);
    await output.open("end");
    output.close();
    output.online();
    output.need(1, 3);
    expect(api.asked.length).toBe(2);
  });
});

describe("text that is looked at", () => {
  const opened = async (stored = 300) => {
    const made = ground(stored);
    await made.output.open("end");
    made.api.asked = [];
    made.sink.texts.clear();
    return made;
  };

  it("is read page by page, and not twice at once", async () => {
    const { api, sink, output } = await opened();
    output.need(10, 19);
    output.need(10, 19);
    output.need(12, 15);
    expect(sink.failed.slice(0, 2)).toEqual(["10 fetching", "11 fetching"]);
    await until(() => expect(sink.seqs).toEqual(range(10, 19)));
    expect(api.asked).toEqual(["?after=9&limit=10", "?after=13&limit=6", "?after=17&limit=2"]);
  });

  it("is read two pages at a time, the newest wish first", async () => {
    const { api, sink, output } = await opened();
    for (const from of [10, 50, 90, 130]) output.need(from, from + 3);
    await until(() => expect(sink.seqs.length).toBe(16));
    expect(api.asked.map((asked) => asked.match(/\d+/)?.[0])).toEqual(["9", "49", "129", "89"]);
  });

  it("is read around what is on its way", async () => {
    const { api, sink, output } = await opened();
    api.pageSize = 100;
    output.need(10, 19);
    output.need(5, 30);
    await until(() => expect(sink.seqs).toEqual(range(5, 30)));
    expect(api.asked).toEqual(["?after=9&limit=10", "?after=4&limit=5", "?after=19&limit=11"]);
  });

  it("is forgotten where the view hurried on", async () => {
    const { api, sink, output } = await opened();
    for (let from = 1; from <= 200; from += 4) output.need(from, from + 3);
    await until(() => expect(api.asked.length).toBe(10));
    await until(() => expect(sink.seqs.length).toBe(40));
    expect(sink.seqs.slice(-4)).toEqual(range(197, 200));
  });

  it("says why it cannot be read, and is read when it can", async () => {
    const { api, sink, waits, output } = await opened();
    api.failure = failure(503);
    output.need(10, 11);
    await until(() =>
      expect(sink.failed).toEqual(["10 store does not answer (503)", "11 store does not answer (503)"]),
    );
    output.need(10, 11);
    expect(api.asked.length).toBe(1);
    api.failure = null;
    waits.end();
    await until(() => expect(sink.seqs).toEqual([10, 11]));
  });

  it("is read at once by Try again", async () => {
    const { api, sink, output } = await opened();
    api.failure = new TypeError("Failed to fetch");
    output.need(10, 11);
    await until(() => expect(sink.holes.get(10)?.kind).toBe("failed"));
    api.failure = null;
    const hole = sink.holes.get(10);
    if (hole?.kind === "failed") hole.retry();
    await until(() => expect(sink.seqs).toEqual([10, 11]));
  });

  it("and is not in the store says so, and is not asked for with each move", async () => {
    const { api, sink, output } = await opened();
    api.absent = new Set([11, 12]);
    output.need(10, 13);
    const absent = ["11 the store does not have them", "12 the store does not have them"];
    await until(() => expect(sink.failed).toEqual(absent));
    const asked = api.asked.length;
    output.need(11, 12);
    expect([sink.seqs, api.asked.length]).toEqual([[10, 13], asked]);
    api.absent.clear();
    output.retry();
    await until(() => expect(sink.seqs).toEqual(range(10, 13)));
  });

  it("is not taken from an answer to another question", async () => {
    const { api, sink, output } = await opened();
    api.strange = { ...KEY, chunks: [wire(99)], more: true };
    output.need(10, 11);
    await until(() => expect(sink.holes.get(10)?.kind).toBe("failed"));
    expect(sink.seqs).toEqual([]);
  });
});

describe("the delay", () => {
  it("doubles up to half a minute, and is spread", () => {
    expect([0, 1, 2, 3, 9, 99].map((tries) => delay(tries, () => 0.5))).toEqual([0, 500, 1000, 2000, 30000, 30000]);
    expect([delay(1, () => 0), delay(1, () => 1)]).toEqual([375, 625]);
  });
});
