/** One attempt's output as a page shows it: its index, the text that is looked at, and the live tail. */

import type { OutputChunk, OutputSink } from "../log/sink";
import { Cursor } from "./cursor";
import { Loader } from "./loader";
import { Reader } from "./reader";
import { delay, type Read, reasonOf, type Wait, wait } from "./reading";
import type { AttemptKey, LogIndex, LogPage, OutputEnd } from "./wire";

/** `opening`: the index is being read. `gone`: there is no such execution any more; what is here stays. */
export type OutputPhase = "opening" | "live" | "ended" | "gone";

export interface OutputOptions {
  readonly key: AttemptKey;
  readonly read: Read;
  readonly sink: OutputSink;
  /** Called when what this tells may be another. */
  readonly changed: () => void;
  readonly wait?: Wait;
}

const OPENING_PAGE = 16;

/** Begin another one for another attempt, and where `createdAt` is another: that is another execution. */
export class Output {
  /** What proves the output complete; null before the end, and where that was not recorded. */
  end: OutputEnd | null = null;
  /** How many lines there are up to `seq`; null where the store does not know. */
  lines: number | null = 0;
  private reason: string | null = null;
  private hasMissed = false;
  private isEnded = false;
  private isGone = false;
  private cursor: Cursor | null = null;
  private pause: AbortController | null = null;
  private readonly loader: Loader;
  private readonly reader: Reader;
  private readonly wait: Wait;
  private readonly closing = new AbortController();

  constructor(private readonly options: OutputOptions) {
    this.wait = options.wait ?? wait;
    this.reader = new Reader(options.key, options.read, this.closing.signal, () => this.gone());
    this.loader = new Loader((after, limit) => this.after(after, limit), options.sink, this.wait, this.closing.signal);
  }

  get phase(): OutputPhase {
    if (this.isGone) return "gone";
    if (!this.cursor) return "opening";
    return this.isEnded ? "ended" : "live";
  }

  /** Up to which chunk all is known. */
  get seq(): number {
    return this.cursor?.seq ?? 0;
  }

  /** Whether all is known that was told of. */
  get level(): boolean {
    return this.cursor?.level ?? false;
  }

  /** How many chunks are known to be missing. */
  get behind(): number {
    return this.cursor?.behind ?? 0;
  }

  /** Why reading fails; null while it does not. */
  get error(): string | null {
    return this.reason ?? this.cursor?.error ?? null;
  }

  /** Whether the output has the end that was recorded; null as long as that cannot be said. */
  get complete(): boolean | null {
    if (!this.end || !this.level) return null;
    const isSame = this.end.lines === undefined || this.lines === null || this.end.lines === this.lines;
    return isSame && this.seq === this.end.lastSeq && this.cursor?.lost === 0;
  }

  /** Reads the index, and the text at the end or of a line (from 1), then follows. Returns once that is shown. */
  async open(at: "end" | { readonly line: number }): Promise<void> {
    const query = at === "end" ? { before: "" } : { line: String(at.line) };
    const first = this.reader.page({ ...query, limit: String(OPENING_PAGE) }).catch(() => null);
    const known = await this.index();
    const page = await first;
    if (known === null || this.closing.signal.aborted) return;
    for (const chunk of page?.chunks ?? []) if (chunk.seq <= known) this.options.sink.add(chunk);
    this.follow(known);
  }

  /** Reads nothing any more. */
  close(): void {
    this.closing.abort();
    this.pause?.abort();
  }

  /** Wants the text of these chunks, both inclusive. */
  need(from: number, to: number): void {
    this.loader.need(from, to);
  }

  /** Reads the chunks after one. */
  after(after: number, limit: number): Promise<LogPage> {
    return this.reader.page({ after: String(after), limit: String(limit) });
  }

  /** An `execution-log`, of whatever execution. Before the index is here, it says only that there is more. */
  log(event: unknown): void {
    if (this.cursor) this.cursor.log(event);
    else this.hasMissed = true;
  }

  /** `auth-success`; `recovered` as the socket says. */
  joined(recovered: boolean): void {
    this.hasMissed ||= !recovered;
    this.cursor?.joined(recovered);
    this.hurry();
  }

  resync(taskId?: string): void {
    this.hasMissed ||= taskId === undefined || taskId === this.options.key.taskId;
    this.cursor?.resync(taskId);
  }

  visible(afterMs: number): void {
    this.cursor?.visible(afterMs);
    this.hurry();
  }

  online(): void {
    this.cursor?.online();
    this.hurry();
  }

  /** The attempt ended; null where what it wrote was not recorded. */
  ended(end: OutputEnd | null): void {
    this.isEnded = true;
    this.end = end ?? this.end;
    this.cursor?.ended(end?.lastSeq ?? null);
  }

  /** Reads again now what could not be read. */
  retry(): void {
    this.cursor?.retry();
    this.hurry();
  }

  private follow(known: number): void {
    this.cursor = new Cursor(
      this.options.key,
      {
        read: (after, limit, tries) => void this.readOn(after, limit, tries),
        add: (chunk) => this.add(chunk),
        hole: (from, to, error) => this.hole(from, to, error),
        changed: this.options.changed,
      },
      known,
    );
    if (this.hasMissed) this.cursor.resync();
    if (this.isEnded) this.cursor.ended(this.end?.lastSeq ?? null);
    this.options.changed();
  }

  /** The number of the last chunk that is stored; null if there is no such execution, or nobody looks any more. */
  private async index(): Promise<number | null> {
    let after = 0;
    for (let tries = 0; !this.closing.signal.aborted; ) {
      try {
        const index = await this.indexAfter(after);
        after += index.counts.length;
        tries = 0;
        if (!index.more || index.counts.length === 0) return after;
      } catch (error) {
        this.told(reasonOf(error));
        await this.rest(++tries);
      }
    }
    return null;
  }

  private async indexAfter(after: number): Promise<LogIndex> {
    const index = await this.reader.index(after);
    this.options.sink.known(after, index.counts);
    this.count(index.counts);
    this.told(null);
    return index;
  }

  private async readOn(after: number, limit: number, tries: number): Promise<void> {
    await this.rest(tries);
    if (this.closing.signal.aborted) return;
    try {
      this.cursor?.answered(after, await this.reader.after(after, limit));
    } catch (error) {
      if (!this.closing.signal.aborted) this.cursor?.failed(after, reasonOf(error));
    }
  }

  private gone(): void {
    this.isGone = true;
    this.close();
    this.options.changed();
  }

  private add(chunk: OutputChunk): void {
    this.count([chunk.log.split("\n").length]);
    this.options.sink.add(chunk);
  }

  private count(counts: readonly (number | null)[]): void {
    for (const lines of counts) this.lines = lines === null || this.lines === null ? null : this.lines + lines;
  }

  private hole(from: number, to: number, error: string | null): void {
    const retry = () => this.retry();
    this.options.sink.hole(from, to, error === null ? { kind: "fetching" } : { kind: "failed", error, retry });
  }

  private told(reason: string | null): void {
    if (this.reason === reason || this.closing.signal.aborted) return;
    this.reason = reason;
    this.options.changed();
  }

  /** Ends whatever is waited for. */
  private hurry(): void {
    this.pause?.abort();
    this.loader.retry();
  }

  private async rest(tries: number): Promise<void> {
    if (tries === 0 || this.closing.signal.aborted) return;
    this.pause = new AbortController();
    await this.wait(delay(tries), this.pause.signal);
    this.pause = null;
  }
}
