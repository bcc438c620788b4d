/** Lines worth stepping to: headings that tools write, and where something failed. */

import { stripSgr } from "./sgr";

export type LandmarkKind = "heading" | "failure";

export interface Landmark {
  /** Counted from 0 within the chunk. */
  readonly line: number;
  readonly kind: LandmarkKind;
  readonly title: string;
}

const TITLE = 200;
/* What a landmark's line begins with, behind any colours; which of these it is, is seen without them. */
const CANDIDATE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
  /^(?:\x1b\[[0-9;:]*m)*(?:::|##\[|--- |\+\+\+ |={3}|[ \t]*--- FAIL|FAILED|ERROR|Traceback|panic:|error|Error|fatal)/gm;
const HEADINGS = [
  /^(?:::group::|##\[group\])(.*)/,
  /^(?:---|\+\+\+) (?!PASS:|SKIP:|FAIL:)(.*)/,
  /^={3,} (.*\S) ={3,}$/,
];
const FAILURES = [
  /^={3,} (?=.*\b[1-9]\d* (?:failed|errors?)\b)(.*) ={3,}$/,
  /^((?:FAILED|ERROR)(?:$|[\s:].*))/,
  /^(Traceback \(most recent call last\).*)/,
  /^(panic: .*)/,
  /^((?:error|Error|fatal)(?:\[\w+\])?: .*)/,
  /^\s*(--- FAIL: .*)/,
  /^(?:::error[^:]*::|##\[error\])(.*)/,
];

/** The landmarks of a chunk's text, in order. */
export function landmarksOf(text: string): Landmark[] {
  const found: Landmark[] = [];
  let line = 0;
  let at = 0;
  for (const candidate of text.matchAll(CANDIDATE)) {
    line += newlines(text, at, candidate.index);
    at = candidate.index;
    const landmark = seen(text, at, line);
    if (landmark) found.push(landmark);
  }
  return found;
}

function seen(text: string, at: number, line: number): Landmark | null {
  const plain = stripSgr(lineAt(text, at)).trimEnd();
  const failure = titleOf(plain, FAILURES);
  if (failure !== null) return { line, kind: "failure", title: failure };
  const heading = isDiff(text, at, plain) ? null : titleOf(plain, HEADINGS);
  return heading === null ? null : { line, kind: "heading", title: heading };
}

/** The two lines with which a diff names its files look like headings. */
function isDiff(text: string, at: number, plain: string): boolean {
  if (plain.startsWith("--- ")) return stripSgr(lineAt(text, lineEnd(text, at) + 1)).startsWith("+++ ");
  if (!plain.startsWith("+++ ") || at === 0) return false;
  return stripSgr(lineAt(text, text.lastIndexOf("\n", at - 2) + 1)).startsWith("--- ");
}

function titleOf(plain: string, expressions: readonly RegExp[]): string | null {
  for (const expression of expressions) {
    const title = expression.exec(plain)?.[1]?.trim();
    if (title) return title.slice(0, TITLE);
  }
  return null;
}

function lineAt(text: string, start: number): string {
  return text.slice(start, lineEnd(text, start));
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end;
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
