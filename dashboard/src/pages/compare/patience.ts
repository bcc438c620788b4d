/** Patience diff: lines that are there once on each side hold the rest in place. It stops now and then for the browser. */

/** Lines by number from 0 that are equal, one on each side, in order. */
export type Match = readonly [left: number, right: number];

interface Part {
  fromLeft: number;
  toLeft: number;
  fromRight: number;
  toRight: number;
}

const STEP = 2000;

/** Yields now and then, and returns all matches. */
export function* patience(left: readonly string[], right: readonly string[]): Generator<void, Match[]> {
  const [a, b] = numbered(left, right);
  const matches: Match[] = [];
  const parts: Part[] = [{ fromLeft: 0, toLeft: a.length, fromRight: 0, toRight: b.length }];
  let work = 0;
  for (let part = parts.pop(); part; part = parts.pop()) {
    const inner = trimmed(part, a, b, matches);
    work += part.toLeft - part.fromLeft + part.toRight - part.fromRight;
    if (work > STEP) {
      work = 0;
      yield;
    }
    const anchors = inOrder(unique(inner, a, b));
    parts.push(...between(inner, anchors));
    matches.push(...anchors);
  }
  return matches.sort(([one], [other]) => one - other);
}

/** The lines as numbers: equal lines have equal ones. */
function numbered(left: readonly string[], right: readonly string[]): [number[], number[]] {
  const numbers = new Map<string, number>();
  const number = (line: string) => {
    const known = numbers.get(line) ?? numbers.size;
    numbers.set(line, known);
    return known;
  };
  return [left.map(number), right.map(number)];
}

/** The part without what is equal at its beginning and end, which matches. */
function trimmed(part: Part, a: readonly number[], b: readonly number[], matches: Match[]): Part {
  let { fromLeft, toLeft, fromRight, toRight } = part;
  while (fromLeft < toLeft && fromRight < toRight && a[fromLeft] === b[fromRight]) {
    matches.push([fromLeft++, fromRight++]);
  }
  while (fromLeft < toLeft && fromRight < toRight && a[toLeft - 1] === b[toRight - 1]) {
    matches.push([--toLeft, --toRight]);
  }
  return { fromLeft, toLeft, fromRight, toRight };
}

/** Lines that are there once on each side of a part, in the left one's order. */
function unique({ fromLeft, toLeft, fromRight, toRight }: Part, a: readonly number[], b: readonly number[]): Match[] {
  const [left, right] = [places(a, fromLeft, toLeft), places(b, fromRight, toRight)];
  const found: Match[] = [];
  for (const [number, at] of left) {
    const other = right.get(number) ?? -1;
    if (at >= 0 && other >= 0) found.push([at, other]);
  }
  return found;
}

/** Where each line is; -1 for what is there more than once. */
function places(lines: readonly number[], from: number, to: number): Map<number, number> {
  const found = new Map<number, number>();
  for (let at = from; at < to; at++) {
    const number = lines[at] as number;
    found.set(number, found.has(number) ? -1 : at);
  }
  return found;
}

/** The longest run of matches that rises on both sides. */
function inOrder(matches: readonly Match[]): Match[] {
  const piles: number[] = [];
  const before: number[] = [];
  matches.forEach(([, right], index) => {
    const pile = pileFor(piles, matches, right);
    before[index] = pile > 0 ? (piles[pile - 1] as number) : -1;
    piles[pile] = index;
  });
  const run: Match[] = [];
  for (let at = piles.at(-1) ?? -1; at >= 0; at = before[at] as number) run.push(matches[at] as Match);
  return run.reverse();
}

function pileFor(piles: readonly number[], matches: readonly Match[], right: number): number {
  let [low, high] = [0, piles.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((matches[piles[middle] as number]?.[1] ?? 0) < right) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is left between the anchors; nothing without any, as that part is different as a whole. */
function between(part: Part, anchors: readonly Match[]): Part[] {
  if (anchors.length === 0) return [];
  const ends: Match[] = [...anchors, [part.toLeft, part.toRight]];
  let [fromLeft, fromRight] = [part.fromLeft, part.fromRight];
  return ends.flatMap(([toLeft, toRight]) => {
    const gap = { fromLeft, toLeft, fromRight, toRight };
    [fromLeft, fromRight] = [toLeft + 1, toRight + 1];
    return gap.fromLeft < gap.toLeft && gap.fromRight < gap.toRight ? [gap] : [];
  });
}
