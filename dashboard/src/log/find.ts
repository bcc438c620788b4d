/** A search over output that others hold: in short slices, from what is looked at outwards. */

/** Whose text is searched. */
export interface FindSource {
  readonly chunkCount: number;
  /** A chunk's lines as stored; undefined while its text is not loaded. */
  lines(chunk: number): readonly string[] | undefined;
}

export interface FindQuery {
  readonly text: string;
  /** `Aa`. */
  readonly matchCase?: boolean;
  /** `.*`: the text is a pattern. */
  readonly pattern?: boolean;
}

/** A line by chunk and place in it, both from 0, and UTF-16 units of that line without control sequences. */
export interface Match {
  readonly chunk: number;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** Runs a slice soon, after what the browser has to do; returns what takes it back. */
export type Later = (slice: () => void) => () => void;

export declare class Find {
  constructor(source: FindSource, told: () => void, later?: Later, now?: () => number);
  /** What is wrong with the query, for people. */
  readonly error: string | null;
  /** How many matches are found so far. */
  readonly total: number;
  /** Whether all loaded text is searched. */
  readonly done: boolean;
  /** How many chunks were not loaded when their turn came. */
  readonly unsearched: number;
  /** Ends the search before; `around`: the chunk that is looked at. An empty text finds nothing. */
  start(query: FindQuery, around: number): void;
  cancel(): void;
  /** There are more chunks, or the text of this one came. */
  changed(chunk?: number): void;
  /** How many matches a chunk has, for the ruler. */
  count(chunk: number): number;
  matches(chunk: number): readonly Match[];
  /** The n-th match, from 0. */
  at(index: number): Match | null;
  indexOf(match: Match): number;
  /** The first match after (at or after) a place, around the end. */
  next(chunk: number, line: number, start: number): Match | null;
  previous(chunk: number, line: number, start: number): Match | null;
}
