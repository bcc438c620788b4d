/** Reads the text of chunks that are looked at: the newest wish first, each chunk once at a time. */

import type { OutputSink } from "../log/sink";
import { delay, reasonOf, type Wait } from "./reading";
import type { LogPage } from "./wire";

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Reads a page of chunks after one; raises if it cannot be read. */
export type ReadPage = (after: number, limit: number) => Promise<LogPage>;

const PAGE = 64;
const AT_ONCE = 2;
/** Older wishes are forgotten: the view asks again for what it still shows. */
const WISHES = 8;
const LOST = 100;

export class Loader {
  private wishes: Range[] = [];
  private lost: Range[] = [];
  private readonly running = new Set<Range>();
  private rest: AbortController | null = null;
  private tries = 0;

  constructor(
    private readonly readPage: ReadPage,
    private readonly sink: OutputSink,
    private readonly wait: Wait,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => this.rest?.abort());
  }

  /** Wants the text of these chunks, both inclusive. What is on its way, or not there, is not asked for again. */
  need(from: number, to: number): void {
    if (!this.lost.some((range) => range.from <= from && range.to >= to)) this.want({ from, to });
  }

  /** Tries again now what failed. */
  retry(): void {
    this.tries = 0;
    for (const range of this.lost.splice(0)) this.want(range);
    this.rest?.abort();
  }

  private want(range: Range): void {
    this.wishes = this.wishes.filter((wish) => wish.from < range.from || wish.to > range.to);
    this.wishes.push(range);
    if (this.wishes.length > WISHES) this.wishes.shift();
    this.start();
  }

  private start(): void {
    while (!this.rest && !this.signal.aborted && this.running.size < AT_ONCE) {
      const wish = this.wishes.pop();
      if (!wish) return;
      const part = this.firstPart(wish);
      if (part) void this.load(part);
    }
  }

  /** The first page of a wish that is not on its way; what is behind it stays a wish. */
  private firstPart(wish: Range): Range | null {
    let { from } = wish;
    const running = [...this.running].sort((one, other) => one.from - other.from);
    for (const other of running) if (other.from <= from && other.to >= from) from = other.to + 1;
    if (from > wish.to) return null;
    const next = running.find((other) => other.from > from) ?? { from: Infinity, to: Infinity };
    const to = Math.min(wish.to, next.from - 1, from + PAGE - 1);
    const behind = to + 1 === next.from ? next.to + 1 : to + 1;
    if (behind <= wish.to) this.wishes.push({ from: behind, to: wish.to });
    return { from, to };
  }

  private async load(range: Range): Promise<void> {
    this.running.add(range);
    this.sink.hole(range.from, range.to, { kind: "fetching" });
    try {
      const page = await this.readPage(range.from - 1, range.to - range.from + 1);
      this.running.delete(range);
      if (!this.signal.aborted) this.taken(range, page);
    } catch (error) {
      this.running.delete(range);
      if (!this.signal.aborted) this.failed(range, reasonOf(error));
    }
    this.start();
  }

  private taken(range: Range, page: LogPage): void {
    this.tries = 0;
    let next = range.from;
    for (const chunk of page.chunks) {
      if (chunk.seq < next || chunk.seq > range.to) continue;
      if (chunk.seq > next) this.absent({ from: next, to: chunk.seq - 1 });
      this.sink.add(chunk);
      next = chunk.seq + 1;
    }
    if (next === range.from) this.absent(range);
    else if (next <= range.to) this.want({ from: next, to: range.to });
  }

  private failed(range: Range, error: string): void {
    this.sink.hole(range.from, range.to, { kind: "failed", error, retry: () => this.retry() });
    this.wishes.push(range);
    if (!this.rest) void this.pause();
  }

  /** Nothing is read meanwhile: all of it would go to the same server. */
  private async pause(): Promise<void> {
    this.tries += 1;
    this.rest = new AbortController();
    await this.wait(delay(this.tries), this.rest.signal);
    this.rest = null;
    this.start();
  }

  private absent(range: Range): void {
    this.lost = [...this.lost, range].slice(-LOST);
    const error = "the store does not have them";
    this.sink.hole(range.from, range.to, { kind: "failed", error, retry: () => this.retry() });
  }
}
