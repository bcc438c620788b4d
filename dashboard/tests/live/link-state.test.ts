import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunksDue, KEPT, type LinkEvent, type LinkState, next, openingState, told } from "../../src/live/link-state";

type Step = LinkEvent extends infer Event ? (Event extends { at: number } ? Omit<Event, "at"> : never) : never;

/** Takes one step each 100 ms. */
function after(...steps: Step[]): LinkState {
  return steps.reduce(
    (state, step, index) => next(state, { ...step, at: (index + 1) * 100 } as LinkEvent),
    openingState(0),
  );
}

const JOINED = { type: "joined", recovered: true } as const;
const LOST = { type: "lost", why: "transport close" } as const;

describe("each state of the table", () => {
  test.each<[string, Step[], string]>([
    ["before the first joining", [], "connecting"],
    ["an attempt that fails at once", [LOST], "connecting"],
    ["joined, nothing due", [JOINED], "live"],
    ["a read is due", [JOINED, { type: "due", reader: "a", chunks: 3 }], "catching up"],
    [
      "one of two reads is done",
      [
        JOINED,
        { type: "due", reader: "a", chunks: 3 },
        { type: "due", reader: "b", chunks: 1 },
        { type: "level", reader: "a", lines: 9 },
      ],
      "catching up",
    ],
    [
      "level again",
      [JOINED, { type: "due", reader: "a", chunks: 3 }, { type: "level", reader: "a", lines: 9 }],
      "live",
    ],
    ["the gateway leaves", [JOINED, { type: "draining" }], "moving"],
    ["it has left", [JOINED, { type: "draining" }, LOST], "moving"],
    [
      "a read is done while it leaves",
      [JOINED, { type: "draining" }, { type: "level", reader: "a", lines: 0 }],
      "moving",
    ],
    ["it has left, and no other takes us", [JOINED, { type: "draining" }, LOST, { type: "silent" }], "offline"],
    ["joined elsewhere", [JOINED, { type: "draining" }, LOST, JOINED], "live"],
    ["just lost", [JOINED, LOST], "live"],
    ["lost for 2 s", [JOINED, LOST, { type: "silent" }], "offline"],
    ["2 s after it is back", [JOINED, LOST, JOINED, { type: "silent" }], "live"],
    ["never connected for 2 s", [{ type: "silent" }], "offline"],
    ["refused by the gateway", [{ type: "refused", why: "refused (TOO_MANY_SOCKETS_OF_USER)" }], "offline"],
    ["logged out", [JOINED, { type: "signed out" }], "signed out"],
    [
      "logged out, and what came late",
      [JOINED, { type: "signed out" }, LOST, { type: "silent" }, { type: "level", reader: "a", lines: 1 }],
      "signed out",
    ],
    ["logged in again", [JOINED, { type: "signed out" }, { type: "opened" }], "connecting"],
  ])("%s", (_, steps, name) => {
    expect(after(...steps).name).toBe(name);
  });
});

test("a state has the time since when it is so, also where more of the same comes", () => {
  expect(after(JOINED, LOST, { type: "silent" }, { type: "silent" })).toMatchObject({
    name: "offline",
    since: 300,
    lost: { at: 200 },
  });
});

test("the history says what each change cost", () => {
  const state = after(
    JOINED,
    { type: "draining" },
    LOST,
    JOINED,
    LOST,
    { type: "joined", recovered: false },
    { type: "due", reader: "a", chunks: 2 },
    { type: "level", reader: "a", lines: 1204 },
    { type: "resync", why: "subscription lost" },
    { type: "level", reader: "a", lines: 12 },
    { type: "level", reader: "b", lines: 200 },
  );
  expect(state.history.map(told)).toEqual([
    "resync (subscription lost), 212 lines read again",
    "connection lost (transport close), back after 0.1 s, not recovered, so everything is read again, 1,204 lines read again",
    "gateway left, back after 0.1 s, recovered, nothing missed",
    "connected",
  ]);
});

test("chunks that are due are added up, and a reader's newest count holds", () => {
  const state = after(
    JOINED,
    { type: "due", reader: "a", chunks: 9 },
    { type: "due", reader: "a", chunks: 2 },
    { type: "due", reader: "b", chunks: 1 },
  );
  expect(chunksDue(state)).toBe(3);
});

test("whatever happens, a bounded history, and joined with nothing due and nobody leaving is live", () => {
  const steps: fc.Arbitrary<Step> = fc.oneof(
    fc.constantFrom<Step>(
      JOINED,
      LOST,
      { type: "joined", recovered: false },
      { type: "silent" },
      { type: "draining" },
      { type: "opened" },
      { type: "signed out" },
    ),
    fc.record({ type: fc.constant("due" as const), reader: fc.constantFrom("a", "b"), chunks: fc.nat(5) }),
    fc.record({ type: fc.constant("level" as const), reader: fc.constantFrom("a", "b"), lines: fc.nat(5) }),
    fc.record({ type: fc.constant("resync" as const), why: fc.string() }),
  );
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 80 }), (taken) => {
      const state = after(...taken);
      expect(state.history.length).toBeLessThanOrEqual(KEPT);
      const last = after(
        ...taken,
        { type: "level", reader: "a", lines: 0 },
        { type: "level", reader: "b", lines: 0 },
        JOINED,
      );
      expect(last.name).toBe("live");
      expect(after(...taken, { type: "signed out" }).name).toBe("signed out");
    }),
  );
});
