/** Lets the server search what is not loaded, and hands on the lines that it finds. */

import type { Read } from "./reading";
import { type AttemptKey, matchesOf } from "./wire";

/** A search of the page, in chunks counted from 0: the log view's `Find`. */
export interface Unfinished {
  readonly firstUnsearched: number | undefined;
  supply(chunk: number, lines: readonly { readonly line: number; readonly text: string }[]): void;
}

const MOST_CHARACTERS = 256;
/** Of one answer; the server searches fewer in one call. */
const MOST_CHUNKS = 100_000;

/** Whether the server can search for this: it finds text, whatever the case. */
export function isSearchable(query: { readonly text: string; readonly pattern?: boolean }): boolean {
  return !query.pattern && query.text !== "" && Array.from(query.text).length <= MOST_CHARACTERS;
}

/** Searches until nothing is left, or the server says nothing new. Raises what reading raises, and when aborted. */
export async function searchUnloaded(
  search: Unfinished,
  text: string,
  { key, read, signal }: { readonly key: AttemptKey; readonly read: Read; readonly signal: AbortSignal },
): Promise<void> {
  const path = `/api/executions/${encodeURIComponent(key.taskId)}/logs`;
  for (let first = search.firstUnsearched; first !== undefined; ) {
    const query = { attempt: String(key.attempt), q: text, after: String(first) };
    const found = matchesOf(await read(path, query, signal), key);
    signal.throwIfAborted();
    if (!found || found.after <= first) throw new Error(`the server did not search from chunk ${first + 1} on`);
    for (let chunk = first; chunk < Math.min(found.after, first + MOST_CHUNKS); chunk++) {
      search.supply(
        chunk,
        found.matches.filter((match) => match.seq === chunk + 1),
      );
    }
    first = search.firstUnsearched;
  }
}
