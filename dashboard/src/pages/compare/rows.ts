/** Two outputs as rows side by side. */
import type { Match } from "./patience";

/** Lines by number from 0; null where a side has none. `hidden` equal lines may stand for themselves. */
export interface Row {
  left: number | null;
  right: number | null;
  equal: boolean;
  hidden?: number;
}

const AROUND = 3;

/** Equal lines beside each other; what is between them, as far as it goes. */
export function rowsOf(matches: readonly Match[], lefts: number, rights: number): Row[] {
  const rows: Row[] = [];
  let [left, right] = [0, 0];
  const differ = (toLeft: number, toRight: number) => {
    while (left < toLeft || right < toRight) {
      rows.push({ left: left < toLeft ? left++ : null, right: right < toRight ? right++ : null, equal: false });
    }
  };
  for (const [atLeft, atRight] of matches) {
    differ(atLeft, atRight);
    rows.push({ left: left++, right: right++, equal: true });
  }
  differ(lefts, rights);
  return rows;
}

/** The rows without equal ones, but for a few around what differs; a row tells how many are hidden. */
export function withoutEqual(rows: readonly Row[]): Row[] {
  const shown = new Uint8Array(rows.length);
  rows.forEach((row, at) => {
    if (!row.equal) shown.fill(1, Math.max(0, at - AROUND), at + AROUND + 1);
  });
  const found: Row[] = [];
  let hidden = 0;
  const told = () => {
    if (hidden > 0) found.push({ left: null, right: null, equal: true, hidden });
    hidden = 0;
  };
  rows.forEach((row, at) => {
    if (!shown[at]) hidden += 1;
    else {
      told();
      found.push(row);
    }
  });
  told();
  return found;
}

/** How many lines each side has that the other has not. */
export function difference(rows: readonly Row[]): { left: number; right: number } {
  const differing = rows.filter((row) => !row.equal);
  const count = (side: "left" | "right") => differing.filter((row) => row[side] !== null).length;
  return { left: count("left"), right: count("right") };
}
