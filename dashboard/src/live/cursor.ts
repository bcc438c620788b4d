/** One attempt's output, complete: the socket is a fast path to it, reading over HTTP the truth. Nothing here waits. */

import type { OutputChunk } from "../log/sink";
import { type AttemptKey, chunkOf, pageOf } from "./wire";

/** What a cursor asks of its owner. */
export interface CursorPorts {
  /** Read `…/logs?after=&limit=`, then call `answered` or `failed`; `tries` in a row led to nothing. */
  read(after: number, limit: number, tries: number): void;
  /** A new chunk: the next one, or one behind a hole; each comes once. */
  add(chunk: OutputChunk): void;
  /** These chunks, both inclusive, are missing; `error` while they cannot be read. */
  hole(fromSeq: number, toSeq: number, error: string | null): void;
  /** `level`, `behind` or `error` may be others. */
  changed(): void;
}

const PAGE = 64;
const HELD = 1000;
/** An event this far ahead says only that there is more: what shows holes need not be so large. */
const AHEAD = 100_000;
const HIDDEN_MS = 5000;
const GIVEN_UP = 5;
const ABSENT = "the store does not have them";
const STRANGE = "the server answered with something else than output";

/** Where an attempt's output is known up to, and what is done about what comes beyond. */
export class Cursor {
  /** Why the last read led to nothing; null once one did. */
  error: string | null = null;
  private readonly held = new Set<number>();
  private top = 0;
  private target = 0;
  private isEnded = false;
  private tries = 0;
  private signals = 0;
  private settled = 0;
  private reading: { readonly after: number; readonly signals: number } | null = null;

  /** `seq`: up to there all is known. */
  constructor(
    private readonly key: AttemptKey,
    private readonly ports: CursorPorts,
    public seq = 0,
  ) {
    this.top = seq;
  }

  /** Whether everything that is told of is here. */
  get level(): boolean {
    return !this.isDue();
  }

  /** How many chunks are known to be missing. */
  get behind(): number {
    return Math.max(this.top, this.target) - this.seq - this.held.size;
  }

  /** An `execution-log`, of whatever execution. */
  log(event: unknown): void {
    const chunk = chunkOf(event, this.key);
    if (!chunk || !this.take(chunk)) return;
    this.pump();
  }

  /** What was read after a chunk. An answer that is not waited for is left out. */
  answered(after: number, body: unknown): void {
    const read = this.reading;
    if (read?.after !== after) return;
    const page = pageOf(body, this.key);
    this.reading = null;
    const before = this.seq;
    for (const chunk of page?.chunks ?? []) this.take(chunk);
    if (page?.more === false) this.settled = read.signals;
    this.moved(this.seq > before, page ? ABSENT : STRANGE);
  }

  /** The read after a chunk led to nothing. */
  failed(after: number, error: string): void {
    if (this.reading?.after !== after) return;
    this.reading = null;
    this.moved(false, error);
  }

  /** `auth-success`; unrecovered, anything may have been missed. */
  joined(recovered: boolean): void {
    if (!recovered) this.signal();
  }

  /** `resync`, of one execution or of all. */
  resync(taskId?: string): void {
    if (taskId === undefined || taskId === this.key.taskId) this.signal();
  }

  /** The page is visible again. */
  visible(afterMs: number): void {
    if (afterMs > HIDDEN_MS) this.signal();
  }

  online(): void {
    this.signal();
  }

  /** The attempt ended, with this chunk if that was recorded. */
  ended(lastSeq: number | null): void {
    this.isEnded = true;
    this.target = Math.max(this.target, lastSeq ?? 0);
    if (lastSeq === null || lastSeq > this.seq) this.signal();
  }

  /** Read again now what could not be read. */
  retry(): void {
    if (this.held.size > 0) this.ports.hole(this.seq + 1, this.firstHeld() - 1, null);
    this.signal();
  }

  private signal(): void {
    this.signals += 1;
    this.tries = 0;
    this.pump();
  }

  private isDue(): boolean {
    return this.signals > this.settled || this.held.size > 0 || this.target > this.seq;
  }

  /** What was given up is tried again with the next signal. */
  private pump(): void {
    if (!this.reading && this.isDue() && !(this.isEnded && this.tries >= GIVEN_UP)) {
      this.reading = { after: this.seq, signals: this.signals };
      this.ports.read(this.seq, PAGE, this.tries);
    }
    this.ports.changed();
  }

  private moved(isForward: boolean, reason: string): void {
    const isStuck = !isForward && this.isDue();
    this.tries = isStuck ? this.tries + 1 : 0;
    this.error = isStuck && (reason !== ABSENT || this.tries > 2) ? reason : null;
    if (this.error && this.held.size > 0) this.ports.hole(this.seq + 1, this.firstHeld() - 1, this.error);
    this.pump();
  }

  /** Whether the chunk says anything new. */
  private take(chunk: OutputChunk): boolean {
    if (chunk.seq <= this.seq || this.held.has(chunk.seq)) return false;
    if (chunk.seq === this.seq + 1) this.next(chunk);
    else if (this.held.size < HELD && chunk.seq <= this.seq + AHEAD) this.hold(chunk);
    else this.signals += 1;
    return true;
  }

  private next(chunk: OutputChunk): void {
    this.ports.add(chunk);
    this.seq += 1;
    while (this.held.delete(this.seq + 1)) this.seq += 1;
    this.top = Math.max(this.top, this.seq);
  }

  private hold(chunk: OutputChunk): void {
    if (chunk.seq > this.top + 1) this.ports.hole(this.top + 1, chunk.seq - 1, null);
    this.held.add(chunk.seq);
    this.top = Math.max(this.top, chunk.seq);
    this.ports.add(chunk);
  }

  private firstHeld(): number {
    return Math.min(...this.held);
  }
}
