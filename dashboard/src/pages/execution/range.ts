/** Lines that an address marks: `#L120`, `#L120-L140`. */
import type { Range } from "../../log/surface";

const MOST = 1_000_000_000;

/** Reads a fragment, with or without its `#`; null for anything else than lines. */
export function rangeOf(hash: string): Range | null {
  const found = /^#?L(\d{1,10})(?:-L?(\d{1,10}))?$/.exec(hash);
  if (!found) return null;
  const [one, other] = [Number(found[1]), Number(found[2] ?? found[1])];
  const [from, to] = [Math.min(one, other), Math.max(one, other)];
  return from >= 1 && to <= MOST ? { from, to } : null;
}

/** Writes it, without the `#`. */
export function hashOf({ from, to }: Range): string {
  return from === to ? `L${from}` : `L${from}-L${to}`;
}
