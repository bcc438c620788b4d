/** A search over output that others hold: in short slices, from what is looked at outwards, going on as it grows. */

import { type FindQuery, searchFor } from "./find-query";
import { FindResults, type FindSource, type FoundLine, type Match, type Place } from "./find-results";
import { type Later, soon } from "./later";
import { PatternError } from "./pattern/syntax";

export type { FindQuery } from "./find-query";
export type { FindSource, FoundLine, Match, Place } from "./find-results";

const SLICE_MS = 8;

/** One search at a time. `told` is called when something of it changed, at most once a slice. */
export class Find {
  /** What is wrong with the query, for people; null if nothing is. */
  error: string | null = null;
  private results: FindResults | null = null;
  private below = -1;
  private above = 0;
  private again: number[] = [];
  private readonly missing = new Set<number>();
  private unschedule: (() => void) | null = null;

  constructor(
    private readonly source: FindSource,
    private readonly told: () => void,
    private readonly later: Later = soon,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** How many matches are found so far. */
  get total(): number {
    return this.results?.total ?? 0;
  }

  /** Whether all text that is loaded was searched. */
  get done(): boolean {
    return this.results === null || this.error !== null || !this.hasMore();
  }

  /** How many chunks were not loaded when it was their turn; the server can search them. */
  get unsearched(): number {
    return this.missing.size;
  }

  /** The first of them, by number; undefined if there is none. */
  get firstUnsearched(): number | undefined {
    return this.missing.size > 0 ? [...this.missing].reduce((one, other) => Math.min(one, other)) : undefined;
  }

  /** Ends the search before and begins one at the chunk that is looked at. An empty text finds nothing. */
  start(query: FindQuery, around: number): void {
    this.cancel();
    if (query.text === "") this.told();
    else this.guarded(() => this.begin(query, around));
  }

  /** Ends the search and forgets what it found. */
  cancel(): void {
    this.unschedule?.();
    this.unschedule = null;
    this.results = null;
    this.error = null;
    this.again = [];
    this.missing.clear();
  }

  /** There are more chunks, or this one's text came. */
  changed(chunk?: number): void {
    if (chunk !== undefined && this.missing.delete(chunk)) this.again.push(chunk);
    if (!this.done) this.schedule();
  }

  /** What the server found in a chunk that was not loaded: the lines with matches, perhaps none. */
  supply(chunk: number, lines: readonly FoundLine[]): void {
    if (!this.missing.delete(chunk)) return;
    this.guarded(() => this.results?.takeLines(chunk, lines));
    this.told();
  }

  /** How many matches a chunk has. */
  count(chunk: number): number {
    return this.results?.count(chunk) ?? 0;
  }

  matches(chunk: number): readonly Match[] {
    return this.results?.of(chunk) ?? [];
  }

  /** The n-th match in the output's order, from 0. */
  at(index: number): Match | null {
    return this.results?.at(index) ?? null;
  }

  /** How many matches are before a place: a match's own number, from 0. */
  before(place: Place): number {
    return this.results?.before(place) ?? 0;
  }

  /** The first match behind a place, or of all if there is none. */
  next(place: Place): Match | null {
    return this.results?.next(place) ?? null;
  }

  /** The last match before a place, or of all if there is none. */
  previous(place: Place): Match | null {
    return this.results?.previous(place) ?? null;
  }

  private schedule(): void {
    this.unschedule ??= this.later(() => {
      this.unschedule = null;
      this.guarded(() => this.slice());
    });
  }

  private begin(query: FindQuery, around: number): void {
    this.results = new FindResults(this.source, searchFor(query));
    this.above = Math.max(0, Math.min(around, this.source.chunkCount - 1));
    this.below = this.above - 1;
    this.schedule();
  }

  private slice(): void {
    const end = this.now() + SLICE_MS;
    while (this.hasMore() && this.now() < end) this.take(this.nextChunk());
    if (this.hasMore()) this.schedule();
    this.told();
  }

  private hasMore(): boolean {
    return this.again.length > 0 || this.above < this.source.chunkCount || this.below >= 0;
  }

  /** By turns after and before where it began. */
  private nextChunk(): number {
    const again = this.again.pop();
    if (again !== undefined) return again;
    const isBelow = this.below >= 0 && (this.above >= this.source.chunkCount || this.isNearer());
    return isBelow ? this.below-- : this.above++;
  }

  private isNearer(): boolean {
    return (this.above + this.below) % 2 === 0;
  }

  private take(chunk: number): void {
    if (this.results?.searched(chunk) || this.results?.take(chunk)) return;
    this.missing.add(chunk);
  }

  /** What the query raises is told in words. */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      this.error = error.message;
      this.told();
    }
  }
}
