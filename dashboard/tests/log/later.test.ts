import { expect, it } from "vitest";
import { Find } from "../../src/log/find";
import { soon } from "../../src/log/later";

it("a slice runs soon, not at once", async () => {
  const ran: string[] = [];
  await new Promise<void>((resolve) => {
    soon(() => {
      ran.push("slice");
      resolve();
    });
    ran.push("first");
  });
  expect(ran).toEqual(["first", "slice"]);
});

it("a slice that is taken back does not run", async () => {
  let isRun = false;
  soon(() => {
    isRun = true;
  })();
  await new Promise<void>((resolve) => void soon(resolve));
  expect(isRun).toBe(false);
});

it("a search runs in such slices by itself", async () => {
  await new Promise<void>((resolve) => {
    const find: Find = new Find({ chunkCount: 1, lines: () => ["x"] }, () =>
      find.total === 1 ? resolve() : undefined,
    );
    find.start({ text: "x" }, 0);
  });
});
