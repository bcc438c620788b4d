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
const PASSED_OVER = 3;
const MOST_LOST = 1000;
const ABSENT = "the store does not have them";
const STRANGE = "the server answered with something else than output";

/** Where an attempt's output is known up to, and what is done about what comes beyond. */
export class Cursor {
  /** Why the last read led to nothing; null once one did. */
  error: string | null = null;
  private readonly held = new Set<number>();
  /** What the store did not have when it was asked for again and again: passed over, and taken when it comes. */
  private readonly lostRanges: [number, number][] = [];
  private isLostWanted = false;
  private top = 0;
  private target = 0;
  private isEnded = false;
  private tries = 0;
  private signals = 0;
  private settled = 0;
  private reading: { readonly after: number; readonly signals: number; readonly isOfLost: boolean } | null = null;

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

  /** How many chunks before `seq` the store does not have. */
  get lost(): number {
    return this.lostRanges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  }

  /** An `execution-log`, of whatever execution. */
  log(event: unknown): void {
    const chunk = chunkOf(event, this.key);
    if (chunk && (this.take(chunk) || chunk.seq > this.seq)) this.pump();
  }

  /** What was read after a chunk. An answer that is not waited for is left out. */
  answered(after: number, body: unknown): void {
    const read = this.reading;
    if (read?.after !== after) return;
    const page = pageOf(body, this.key);
    this.reading = null;
    const taken = page?.chunks.filter((chunk) => this.take(chunk)).length ?? 0;
    if (read.isOfLost) this.isLostWanted = taken > 0 && this.lostRanges.length > 0;
    else if (page?.more === false) this.settled = read.signals;
    if (page && read.isOfLost) this.pump();
    else this.moved(taken > 0, page ? ABSENT : STRANGE);
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
    if (lastSeq === null || lastSeq > this.seq || this.lost > 0) this.signal();
  }

  /** Read again now what could not be read. */
  retry(): void {
    if (this.held.size > 0) this.ports.hole(this.seq + 1, this.firstHeld() - 1, null);
    this.signal();
  }

  private signal(): void {
    this.signals += 1;
    this.tries = 0;
    this.isLostWanted = this.lostRanges.length > 0;
    this.pump();
  }

  private isDue(): boolean {
    return this.signals > this.settled || this.held.size > 0 || this.target > this.seq;
  }

  /** What was given up is tried again with the next signal. */
  private pump(): void {
    if (!this.reading && this.isDue() && !(this.isEnded && this.tries >= GIVEN_UP)) {
      const lost = this.isLostWanted ? this.lostRanges[0] : undefined;
      const after = lost ? lost[0] - 1 : this.seq;
      this.reading = { after, signals: this.signals, isOfLost: lost !== undefined };
      this.ports.read(after, PAGE, this.tries);
    }
    this.ports.changed();
  }

  private moved(isForward: boolean, reason: string): void {
    const isStuck = !isForward && this.isDue();
    this.tries = isStuck ? this.tries + 1 : 0;
    this.error = isStuck && (reason !== ABSENT || this.tries >= PASSED_OVER) ? reason : null;
    if (this.error && this.held.size > 0) this.ports.hole(this.seq + 1, this.firstHeld() - 1, this.error);
    if (this.error === ABSENT && this.held.size > 0 && this.lostRanges.length < MOST_LOST) this.passOver();
    this.pump();
  }

  private passOver(): void {
    const to = this.firstHeld() - 1;
    this.lostRanges.push([this.seq + 1, to]);
    this.seq = to;
    this.drain();
    this.tries = 0;
    this.error = null;
  }

  /** Whether the chunk is new, and is held or joins. */
  private take(chunk: OutputChunk): boolean {
    if (chunk.seq <= this.seq) return this.found(chunk);
    if (this.held.has(chunk.seq)) return false;
    const isNear = this.held.size < HELD && chunk.seq <= this.seq + AHEAD;
    if (chunk.seq === this.seq + 1) this.next(chunk);
    else if (isNear) this.hold(chunk);
    else this.signals += 1;
    return chunk.seq <= this.seq || isNear;
  }

  private found(chunk: OutputChunk): boolean {
    const at = this.lostRanges.findIndex(([from, to]) => from <= chunk.seq && chunk.seq <= to);
    const [from, to] = this.lostRanges[at] ?? [0, 0];
    if (at < 0) return false;
    const parts: [number, number][] = [
      [from, chunk.seq - 1],
      [chunk.seq + 1, to],
    ];
    this.lostRanges.splice(at, 1, ...parts.filter(([first, last]) => first <= last));
    this.ports.add(chunk);
    return true;
  }

  private next(chunk: OutputChunk): void {
    this.ports.add(chunk);
    this.seq += 1;
    this.drain();
  }

  private drain(): void {
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
