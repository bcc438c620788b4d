/** What the log view is fed with: chunks of one attempt's output, and what is known of those that are not here. */

/** Whole lines joined by newlines, as pages and `execution-log` bring them. */
export interface OutputChunk {
  /** Counts from 1 within the attempt, without gaps. */
  readonly seq: number;
  readonly log: string;
  /** Milliseconds since 1970. */
  readonly ts: number;
  /** Runs of lines from standard error: first line, counted from 0 within the chunk, and number of lines. */
  readonly stderr: readonly (readonly [number, number])[];
  /** The number of its first line within the attempt, from 1; null where the store did not count. */
  readonly firstLine: number | null;
}

/** Why the text of some chunks is not here. */
export type HoleState =
  | { readonly kind: "fetching" }
  | { readonly kind: "failed"; readonly error: string; readonly retry: () => void };

/** Takes output in any order. One is made for each attempt of each execution, and forgotten with it. */
export interface OutputSink {
  /** The numbers of lines of the chunks from `afterSeq + 1` on; null where the store does not know one. */
  known(afterSeq: number, counts: readonly (number | null)[]): void;
  /** A chunk's text, which heals what a hole says of that chunk. It may come again. */
  add(chunk: OutputChunk): void;
  /** Why the text of these chunks, both inclusive, is missing; told before a chunk behind them is added. */
  hole(fromSeq: number, toSeq: number, state: HoleState): void;
}
