/** What the api and the gateway send of output, checked: whatever does not fit is left out, and tells nothing. */

import type { OutputChunk } from "../log/sink";

/** Whose output is read. */
export interface AttemptKey {
  readonly taskId: string;
  readonly attempt: number;
}

export interface LogPage {
  readonly chunks: readonly OutputChunk[];
  readonly more: boolean;
}

export interface LogIndex {
  readonly counts: readonly (number | null)[];
  readonly more: boolean;
}

/** Lines that the server found, by chunk and number within it from 0, up to chunk `after`. */
export interface LogMatches {
  readonly matches: readonly { readonly seq: number; readonly line: number; readonly text: string }[];
  readonly after: number;
}

/** What proves an attempt's output complete. */
export interface OutputEnd {
  readonly lastSeq: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly lines?: number | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** A chunk of this attempt, or null for anything else. */
export function chunkOf(value: unknown, key: AttemptKey): OutputChunk | null {
  if (!isOf(value, key) || !isCount(value.seq) || typeof value.log !== "string") return null;
  return {
    seq: value.seq,
    log: value.log,
    ts: typeof value.ts === "number" && Number.isFinite(value.ts) ? value.ts : 0,
    stderr: Array.isArray(value.stderr) ? value.stderr.filter(isRun) : [],
    firstLine: isCount(value.firstLine) ? value.firstLine : null,
  };
}

/** A page of this attempt, its chunks in ascending order; null for anything else. */
export function pageOf(value: unknown, key: AttemptKey): LogPage | null {
  if (!isOf(value, key) || !Array.isArray(value.chunks)) return null;
  const chunks = value.chunks.flatMap((each) => chunkOf(each, key) ?? []);
  return { chunks: chunks.sort((one, other) => one.seq - other.seq), more: value.more === true };
}

/** Numbers of lines; null for anything else than an index of this attempt. */
export function indexOf(value: unknown, key: AttemptKey): LogIndex | null {
  if (!isOf(value, key) || !Array.isArray(value.counts)) return null;
  return { counts: value.counts.map((count) => (isCount(count) ? count : null)), more: value.more === true };
}

/** What a search of this attempt found; null for anything else. */
export function matchesOf(value: unknown, key: AttemptKey): LogMatches | null {
  if (!isOf(value, key) || !Array.isArray(value.matches) || !isNumber(value.after)) return null;
  const matches = value.matches.flatMap((each: unknown) => {
    if (!isFields(each) || !isCount(each.seq) || !isNumber(each.line) || typeof each.text !== "string") return [];
    return [{ seq: each.seq, line: each.line, text: each.text }];
  });
  return { matches, after: value.after };
}

/** What an attempt among `attempts` proves; null if it proves nothing. */
export function endOf(attempt: unknown): OutputEnd | null {
  const output = isFields(attempt) ? attempt.output : null;
  if (!isFields(output)) return null;
  const { lastSeq, bytes, sha256, lines } = output;
  const isProof = isNumber(lastSeq) && isNumber(bytes) && typeof sha256 === "string";
  return isProof ? { lastSeq, bytes, sha256, lines: isNumber(lines) ? lines : undefined } : null;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOf(value: unknown, key: AttemptKey): value is Fields {
  return isFields(value) && value.taskId === key.taskId && value.attempt === key.attempt;
}

function isRun(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && isNumber(value[0]) && isCount(value[1]);
}

function isCount(value: unknown): value is number {
  return isNumber(value) && value >= 1;
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
