import { expect, test } from "vitest";
import { ServerClock } from "../../src/api/clock";

const HOUR = 3_600_000;
const dated = (ms: number) => new Date(Math.floor(ms / 1000) * 1000).toUTCString();

test("a clock that is wrong by an hour is known within a second, and better with each answer", () => {
  let local = 1_000_000_000_000;
  const ahead = HOUR + 321;
  const clock = new ServerClock(() => local);
  for (const step of [0, 1234, 777, 3456, 210]) {
    local += step;
    const calledAt = local;
    local += 20;
    clock.heard(dated(local - 10 + ahead), calledAt);
    expect(Math.abs(clock.offset - ahead)).toBeLessThanOrEqual(1000);
  }
  expect(Math.abs(clock.offset - ahead)).toBeLessThan(300);
  expect(clock.now()).toBe(local + clock.offset);
});

test("a clock that agrees within what can be known is left alone", () => {
  const clock = new ServerClock(() => 5_000_400);
  clock.heard(dated(5_000_400), 5_000_300);
  expect(clock.offset).toBe(0);
});

test("a clock that is set meanwhile is measured anew, and no date changes nothing", () => {
  let local = 1_000_000_000_500;
  const clock = new ServerClock(() => local);
  clock.heard(dated(local), local);
  local -= HOUR;
  clock.heard(dated(local + HOUR), local);
  expect(Math.abs(clock.offset - HOUR)).toBeLessThanOrEqual(1000);
  const before = clock.offset;
  clock.heard(null, local);
  clock.heard("yesterday", local);
  expect(clock.offset).toBe(before);
});
