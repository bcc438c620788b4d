/** What is looked for, and its matches in one line. */

import { Matcher, type Range } from "./pattern/matcher";
import { stripSgr } from "./sgr";

export interface FindQuery {
  readonly text: string;
  /** `Aa`. */
  readonly matchCase?: boolean;
  /** `.*`: the text is a pattern. */
  readonly pattern?: boolean;
}

/** The matches in a line as stored, in UTF-16 units of it without control sequences. */
export type Search = (line: string) => readonly Range[];

const NONE: readonly Range[] = [];
const SYNTAX = /[\\^$.*+?()[\]{}|/]/g;

/** Raises `PatternError` for what is no pattern; the search may raise it, too. */
export function searchFor(query: FindQuery): Search {
  const ignoreCase = !query.matchCase;
  if (query.pattern) {
    const matcher = new Matcher(query.text, ignoreCase);
    return (line) => matcher.matches(stripSgr(line));
  }
  const expression = new RegExp(query.text.replace(SYNTAX, "\\$&"), ignoreCase ? "giu" : "gu");
  return (line) => literally(expression, stripSgr(line));
}

function literally(expression: RegExp, line: string): readonly Range[] {
  expression.lastIndex = 0;
  let found = expression.exec(line);
  if (!found) return NONE;
  const ranges: Range[] = [];
  for (; found; found = expression.exec(line)) ranges.push({ start: found.index, end: found.index + found[0].length });
  return ranges;
}
