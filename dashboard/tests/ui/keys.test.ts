import { expect, test } from "vitest";
import { Keys } from "../../src/ui/keys";

function bound(keys: Keys, done: string[], name: string, ...all: string[]) {
  return keys.add({
    name,
    bindings: () => all.map((each) => ({ keys: each, label: each, run: () => done.push(`${name} ${each}`) })),
  });
}

test("single keys and sequences do what they are bound to, within time", () => {
  const [keys, done] = [new Keys(), [] as string[]];
  bound(keys, done, "anywhere", "?", "g e", "g g", "e");
  expect(keys.press("g", 0)).toBe(true);
  expect(keys.press("e", 500)).toBe(true);
  expect(keys.press("g", 1000)).toBe(true);
  expect(keys.press("e", 9000)).toBe(true);
  expect(keys.press("x", 9001)).toBe(false);
  expect(done).toEqual(["anywhere g e", "anywhere e"]);
});

test("a sequence that leads nowhere is the key alone", () => {
  const [keys, done] = [new Keys(), [] as string[]];
  bound(keys, done, "anywhere", "g e", "?");
  keys.press("g", 0);
  keys.press("?", 1);
  keys.press("g", 2);
  keys.press("g", 3);
  keys.press("e", 4);
  expect(done).toEqual(["anywhere ?", "anywhere g e"]);
});

test("the newest scope goes first, and is gone with what bound it", () => {
  const [keys, done] = [new Keys(), [] as string[]];
  bound(keys, done, "anywhere", "n");
  const gone = bound(keys, done, "list", "n");
  keys.press("n", 0);
  expect(keys.bound.map((scope) => scope.name)).toEqual(["anywhere", "list"]);
  gone();
  keys.press("n", 1);
  expect(done).toEqual(["list n", "anywhere n"]);
});
