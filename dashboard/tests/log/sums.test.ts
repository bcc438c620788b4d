import fc from "fast-check";
import { expect, test } from "vitest";
import { Sums } from "../../src/log/sums";

test("finds the entry of each unit, whatever was set again meanwhile", () => {
  const values = fc.array(fc.nat(20), { minLength: 1, maxLength: 200 });
  const changes = fc.array(fc.tuple(fc.nat(199), fc.nat(20)), { maxLength: 20 });
  fc.assert(
    fc.property(values, changes, (before, changed) => {
      const now = [...before];
      const sums = new Sums();
      for (const value of now) sums.push(value);
      for (const [index, value] of changed) {
        if (index >= now.length) continue;
        sums.set(index, value);
        now[index] = value;
        expect(sums.total).toBe(now.reduce((sum, each) => sum + each, 0));
      }
      const owners = now.flatMap((value, index) => Array.from({ length: value }, () => index));
      expect(owners.map((_, unit) => sums.find(unit))).toEqual(owners);
    }),
  );
});
