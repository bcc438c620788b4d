/** What of a line is drawn: pieces of one style, links, and characters that deceive, shown by their code. */

import { CODED, code } from "./characters";
import { linksOf } from "./links";
import { parseSgr, type Run } from "./sgr";
import type { SgrState, Style } from "./style";

/** `code`: a character shown by its code, so that `text` is not what the line has. */
export type Kind = "text" | "code" | "link";

export interface Segment {
  readonly kind: Kind;
  /** As it is shown. */
  readonly text: string;
  /** Which part of the line without control sequences it shows, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly style: Style;
  /** Where a link leads; one link may be several segments. */
  readonly href?: string;
}

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly href?: string;
}

const CODES = new RegExp(CODED, "gu");
const CODE_AT = new RegExp(CODED, "uy");

/** The segments of a line in order, and the state that the next line begins with. A CR at its end is not shown. */
export function segments(line: string, state: SgrState): { segments: Segment[]; state: SgrState } {
  const parsed = parseSgr(line, state);
  const plain = parsed.runs.map((run) => run.text).join("");
  const shown = plain.endsWith("\r") ? plain.slice(0, -1) : plain;
  return { segments: cut(parsed.runs, cuts(shown), shown), state: parsed.state };
}

/** A segment's parts outside and inside of ranges of the line, in order, for marking matches. */
export function split(
  segment: Segment,
  ranges: readonly { readonly start: number; readonly end: number }[],
): { segment: Segment; within: number }[] {
  const parts: { segment: Segment; within: number }[] = [];
  let at = segment.start;
  ranges.forEach((range, within) => {
    const start = Math.max(range.start, at);
    const end = Math.min(range.end, segment.end);
    if (start >= end) return;
    if (start > at) parts.push({ segment: part(segment, at, start), within: -1 });
    parts.push({ segment: part(segment, start, end), within });
    at = end;
  });
  if (at < segment.end) parts.push({ segment: part(segment, at, segment.end), within: -1 });
  return parts;
}

function part(segment: Segment, start: number, end: number): Segment {
  if (start === segment.start && end === segment.end) return segment;
  const text = segment.kind === "code" ? segment.text : segment.text.slice(start - segment.start, end - segment.start);
  return { ...segment, text, start, end };
}

/** Where the plain text of a line is more than text: links, and characters shown by code, in order. */
function cuts(plain: string): Cut[] {
  const coded = CODED.test(plain)
    ? Array.from(plain.matchAll(CODES), (found) => ({ start: found.index, end: found.index + found[0].length }))
    : [];
  const found = linksOf(plain);
  return found.length === 0 ? coded : [...coded, ...found].sort((one, other) => one.start - other.start);
}

function cut(runs: readonly Run[], cuts: readonly Cut[], plain: string): Segment[] {
  const made: Segment[] = [];
  let start = 0;
  let next = 0;
  for (const run of runs) {
    const end = Math.min(start + run.text.length, plain.length);
    while (start < end) {
      while ((cuts[next]?.end ?? plain.length) <= start && next < cuts.length) next++;
      const special = cuts[next];
      const inside = special !== undefined && special.start <= start;
      const until = Math.min(end, (inside ? special.end : special?.start) ?? end);
      made.push(segment(plain, start, until, run.style, inside ? special : undefined));
      start = until;
    }
  }
  return made;
}

function segment(plain: string, start: number, end: number, style: Style, special?: Cut): Segment {
  const text = plain.slice(start, end);
  if (special === undefined) return { kind: "text", text, start, end, style };
  if (special.href !== undefined) return { kind: "link", text, start, end, style, href: special.href };
  CODE_AT.lastIndex = start;
  return { kind: "code", text: code(text), start, end, style };
}
