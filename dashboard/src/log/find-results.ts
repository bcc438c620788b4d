/** The matches found so far, by chunk: all are counted; so many are kept, others are looked for again when asked for. */

import type { Search } from "./find-query";

/** Whose text is searched. */
export interface FindSource {
  readonly chunkCount: number;
  /** A chunk's lines as stored; undefined while its text is not loaded. */
  lines(chunk: number): readonly string[] | undefined;
}

/** A chunk, a line in it, both from 0, and a place in UTF-16 units of that line without control sequences. */
export interface Place {
  readonly chunk: number;
  readonly line: number;
  readonly start: number;
}

export interface Match extends Place {
  readonly end: number;
}

/** A line as stored, by its number within a chunk, from 0. */
export interface FoundLine {
  readonly line: number;
  readonly text: string;
}

const KEPT = 100_000;

export class FindResults {
  total = 0;
  private readonly counts: number[] = [];
  private readonly packed = new Map<number, Int32Array>();
  private kept = 0;

  constructor(
    private readonly source: FindSource,
    private readonly search: Search,
  ) {}

  /** Searches a chunk; false if its text is not loaded. Raises `PatternError`. */
  take(chunk: number): boolean {
    const found = this.look(chunk);
    if (found) this.keep(chunk, found);
    return found !== undefined;
  }

  /** Searches some lines of a chunk that is not loaded: all others have no match. Raises `PatternError`. */
  takeLines(chunk: number, lines: readonly FoundLine[]): void {
    const found: number[] = [];
    for (const { line, text } of lines) this.searchLine(found, line, text);
    this.keep(chunk, found);
  }

  searched(chunk: number): boolean {
    return this.counts[chunk] !== undefined;
  }

  count(chunk: number): number {
    return this.counts[chunk] ?? 0;
  }

  /** The matches of a chunk. Where they were not kept and its text was dropped: its beginning, for going there. */
  of(chunk: number): readonly Match[] {
    if (this.count(chunk) === 0) return [];
    const found = this.packed.get(chunk) ?? this.look(chunk) ?? [0, 0, 0];
    return Array.from({ length: found.length / 3 }, (_, at) => {
      const [line, start, end] = found.slice(3 * at, 3 * at + 3) as unknown as [number, number, number];
      return { chunk, line, start, end };
    });
  }

  /** The n-th match, from 0. */
  at(index: number): Match | null {
    let left = index;
    for (let chunk = 0; chunk < this.counts.length; chunk++) {
      if (left < this.count(chunk)) return this.of(chunk)[left] ?? this.of(chunk)[0] ?? null;
      left -= this.count(chunk);
    }
    return null;
  }

  /** How many matches are before a place. */
  before(place: Place): number {
    let sum = 0;
    for (let chunk = 0; chunk < Math.min(place.chunk, this.counts.length); chunk++) sum += this.count(chunk);
    return sum + this.of(place.chunk).filter((match) => compare(match, place) < 0).length;
  }

  /** The first match behind a place, or of all if there is none. */
  next(place: Place): Match | null {
    const here = this.of(place.chunk).find((match) => compare(match, place) > 0);
    if (here) return here;
    const chunk = this.from(place.chunk + 1, 1);
    return chunk < 0 ? null : (this.of(chunk)[0] ?? null);
  }

  /** The last match before a place, or of all if there is none. */
  previous(place: Place): Match | null {
    const here = this.of(place.chunk).findLast((match) => compare(match, place) < 0);
    if (here) return here;
    const chunk = this.from(place.chunk - 1, -1);
    return chunk < 0 ? null : (this.of(chunk).at(-1) ?? null);
  }

  /** The next chunk with matches in a direction, around the end; -1 if there is none. */
  private from(start: number, step: 1 | -1): number {
    const size = this.counts.length;
    for (let tried = 0; tried < size; tried++) {
      const chunk = (((start + tried * step) % size) + size) % size;
      if (this.count(chunk) > 0) return chunk;
    }
    return -1;
  }

  /** Line, start and end of each match. */
  private look(chunk: number): number[] | undefined {
    const lines = this.source.lines(chunk);
    if (!lines) return undefined;
    const found: number[] = [];
    for (let line = 0; line < lines.length; line++) this.searchLine(found, line, lines[line] as string);
    return found;
  }

  private searchLine(found: number[], line: number, text: string): void {
    for (const { start, end } of this.search(text)) found.push(line, start, end);
  }

  private keep(chunk: number, found: readonly number[]): void {
    this.counts[chunk] = found.length / 3;
    this.total += found.length / 3;
    if (found.length === 0 || this.kept >= KEPT) return;
    this.kept += found.length / 3;
    this.packed.set(chunk, Int32Array.from(found));
  }
}

function compare(one: Place, other: Place): number {
  return one.chunk - other.chunk || one.line - other.line || one.start - other.start;
}
