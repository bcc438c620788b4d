import type { Chunks } from "./chunks";
import { Find, type FindQuery, type Match } from "./find";
import { Marks } from "./marks";
import type { Surface } from "./surface";

/** Searches what is not loaded: goes on until nothing is left, or says why it cannot. */
export type Elsewhere = (search: Find, query: FindQuery, signal: AbortSignal) => Promise<void>;

/** Finding in the output: the search, the match that is stepped to, and their marks in the rows on screen. */
export class Finder {
  query: FindQuery = { text: "" };
  /** The match that was stepped to. */
  current: Match | null = null;
  private readonly find: Find;
  private readonly marks = new Marks();
  private first = false;
  private asked: AbortController | null = null;
  private problem: string | null = null;

  constructor(
    private readonly chunks: Chunks,
    private readonly surface: Surface,
    private readonly told: () => void,
    private readonly elsewhere: Elsewhere | undefined,
  ) {
    const source = {
      get chunkCount(): number {
        return chunks.length;
      },
      lines: (index: number) => chunks.read(index),
    };
    this.find = new Find(source, () => this.progress());
  }

  get total(): number {
    return this.find.total;
  }

  get done(): boolean {
    return this.find.done;
  }

  get error(): string | null {
    return this.find.error ?? this.problem;
  }

  /** How many chunks could not be searched, since their text is not here. */
  get unsearched(): number {
    return this.find.unsearched;
  }

  /** The place of the current match among all, from 1; 0 without one. */
  get place(): number {
    return this.current ? this.find.before(this.current) + 1 : 0;
  }

  /** Searches anew, from the view outwards, and goes to the first match there. */
  search(query: FindQuery): void {
    this.asked?.abort();
    this.asked = this.problem = this.current = null;
    this.query = query;
    this.first = query.text !== "";
    this.find.start(query, this.chunks.chunkOf(this.surface.viewport.top));
    this.progress();
  }

  /** Ends the search, and removes its marks. */
  close(): void {
    this.search({ ...this.query, text: "" });
    this.find.cancel();
  }

  /** Goes to the match after or before the current one, or the view. */
  step(direction: 1 | -1): void {
    const top = this.surface.viewport.top;
    const chunk = this.chunks.chunkOf(top);
    const from = this.current ?? { chunk, line: top - this.chunks.firstLine(chunk), start: -1 };
    const match = direction > 0 ? this.find.next(from) : this.find.previous(from);
    if (match) this.goTo(match);
  }

  /** Goes to a match. */
  goTo(match: Match): void {
    this.current = match;
    this.surface.viewport.show(this.lineOf(match));
    const range = this.mark();
    if (range) this.surface.reveal(range.getBoundingClientRect());
    this.told();
  }

  /** Text of these chunks came. */
  changed(loaded: readonly number[]): void {
    if (this.query.text === "") return;
    for (const index of loaded) this.find.changed(index);
  }

  /** The matches' lines from 0, of each chunk the first few: for the ruler. */
  *ticks(): Iterable<number> {
    for (let index = 0; index < this.chunks.length; index++) {
      if (this.find.count(index) > 0) yield this.chunks.firstLine(index) + (this.find.matches(index)[0]?.line ?? 0);
    }
  }

  /** Up to `most` matches from the current one on, with the lines they are in. */
  list(most: number): { match: Match; line: number }[] {
    const begin = Math.max(0, this.place - 1);
    const found: { match: Match; line: number }[] = [];
    for (let index = begin; index < begin + most; index++) {
      const match = this.find.at(index);
      if (!match) break;
      found.push({ match, line: this.lineOf(match) });
    }
    return found;
  }

  /** Marks the matches in the rows on screen; returns where the current one is. */
  mark(): Range | null {
    this.marks.clear();
    if (this.query.text === "" || this.find.total === 0) return null;
    let current: Range | null = null;
    for (const [line, row] of this.surface.viewport.layer.shown()) current = this.markRow(line, row) ?? current;
    return current;
  }

  private markRow(line: number, row: Element): Range | null {
    const chunk = this.chunks.chunkOf(line);
    const within = line - this.chunks.firstLine(chunk);
    let current: Range | null = null;
    for (const match of this.find.matches(chunk)) {
      if (match.line !== within) continue;
      const range = this.marks.add(row, match, same(match, this.current));
      if (same(match, this.current)) current = range;
    }
    return current;
  }

  private lineOf(match: Match): number {
    return this.chunks.firstLine(match.chunk) + match.line;
  }

  private progress(): void {
    if (this.first && this.find.total > 0) {
      this.first = false;
      this.step(1);
    }
    if (this.find.done && this.find.unsearched > 0) this.ask();
    this.mark();
    this.told();
  }

  /** Once a search: what is not loaded is searched where it is. */
  private ask(): void {
    if (this.asked || !this.elsewhere) return;
    const asked = new AbortController();
    this.asked = asked;
    this.elsewhere(this.find, this.query, asked.signal).catch((error: unknown) => {
      if (asked.signal.aborted) return;
      this.problem = `Not all of it could be searched: ${error instanceof Error ? error.message : String(error)}`;
      this.told();
    });
  }
}

function same(one: Match, other: Match | null): boolean {
  return other !== null && one.chunk === other.chunk && one.line === other.line && one.start === other.start;
}
