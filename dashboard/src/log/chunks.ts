import { Counts } from "./counts";
import { type Packed, pack, unpack } from "./packed";
import type { HoleState, OutputChunk, OutputSink } from "./sink";

/** What changed since the frame before. `renumbered`: lines before others got another number of lines than was thought. */
export type Change = {
  appended: number;
  loaded: number[];
  dropped: boolean;
  renumbered: boolean;
  holes: boolean;
};

type Listener = (change: Change) => void;

export const TEXT_BUDGET = 64 * 1024 * 1024;
const DECODED = 32;
const AHEAD = 4;

/**
 * One attempt's output by chunks, as UTF-8: which lines exist, and the text of those that are loaded. Implements the live tail's sink.
 * Chunk `i` has `seq` `i + 1`; lines are counted from 0. Text beyond the budget is dropped farthest from the view; the counts stay.
 */
export class Chunks implements OutputSink {
  /** Called with sequence numbers whose text is looked at and not here, again with each move: the reader knows what is on its way. */
  need: (fromSeq: number, toSeq: number) => void = () => {};
  /** Called at once for each chunk whose lines or text changed, before any listener. */
  touched: (index: number) => void = () => {};
  /** The text that is kept, in bytes. */
  textBytes = 0;

  private readonly counts = new Counts();
  private readonly packed: (Packed | undefined)[] = [];
  private readonly decoded = new Map<number, string[]>();
  private readonly holes = new Map<number, HoleState>();
  private readonly listeners = new Set<Listener>();
  private window: [number, number] = [0, 0];
  private low = 0;
  private change: Change | null = null;

  constructor(
    private readonly frame: (run: () => void) => void = (run) => void requestAnimationFrame(run),
    private readonly budget = TEXT_BUDGET,
  ) {}

  /** How many chunks are known, loaded or not. */
  get length(): number {
    return this.counts.length;
  }

  get lineCount(): number {
    return this.counts.total;
  }

  /** Whether no more text fits beside what is looked at: reading outwards ends here. */
  get full(): boolean {
    return this.textBytes >= this.budget;
  }

  /** The first line of a chunk; that of the one after the last is the number of lines. */
  firstLine(index: number): number {
    return this.counts.before(index);
  }

  linesOf(index: number): number {
    return this.counts.of(index);
  }

  chunkOf(line: number): number {
    return this.counts.find(line);
  }

  text(index: number): Packed | undefined {
    return this.packed[index];
  }

  /** Says why the text of these chunks is not here; chunks that were not known yet become known, uncounted. */
  hole(fromSeq: number, toSeq: number, state: HoleState): void {
    this.extend(toSeq);
    for (let index = fromSeq - 1; index < toSeq; index++) if (!this.packed[index]) this.holes.set(index, state);
    this.note().holes = true;
  }

  holeAt(index: number): HoleState | undefined {
    return this.holes.get(index);
  }

  /** Whether the lines of this chunk have their true numbers. */
  numbered(index: number): boolean {
    return this.counts.numbered(index);
  }

  /** The lines of chunks after `afterSeq`; `null` where they are not known until the text is here. */
  known(afterSeq: number, counts: readonly (number | null)[]): void {
    this.extend(afterSeq);
    counts.forEach((count, offset) => {
      const index = afterSeq + offset;
      if (index >= this.length) this.append(count);
      else if (count !== null) this.recount(index, count);
    });
  }

  /** Takes a chunk's text, whatever its place; a chunk that is here already is left as it is. */
  add(chunk: OutputChunk): void {
    const index = chunk.seq - 1;
    if (index < 0 || this.packed[index]) return;
    const packed = pack(chunk);
    this.extend(index);
    if (index === this.length) this.append(packed.lines);
    else this.recount(index, packed.lines);
    if (chunk.firstLine !== null && this.counts.place(index, chunk.firstLine - 1)) this.note().renumbered = true;
    this.keep(index, packed);
  }

  /** A loaded chunk's lines, or `undefined`; the newest decoded are kept for those who draw. */
  lines(index: number): readonly string[] | undefined {
    const known = this.decoded.get(index);
    if (known) return known;
    const packed = this.packed[index];
    if (!packed) return undefined;
    const lines = unpack(packed);
    this.decoded.set(index, lines);
    if (this.decoded.size > DECODED) this.decoded.delete(this.decoded.keys().next().value as number);
    return lines;
  }

  /** A loaded chunk's lines for one who reads all of them once. */
  read(index: number): readonly string[] | undefined {
    const packed = this.packed[index];
    return this.decoded.get(index) ?? (packed && unpack(packed));
  }

  /** The first line from standard error of each loaded chunk that has some. */
  *stderrLines(): Iterable<number> {
    for (let index = 0; index < this.length; index++) {
      const run = this.packed[index]?.stderr[0];
      if (run) yield this.firstLine(index) + run[0];
    }
  }

  /** Where is looked at: asks for what is missing there, and spares it when text is dropped. */
  look(fromLine: number, toLine: number): void {
    if (this.length === 0) return;
    this.window = [this.chunkOf(fromLine), this.chunkOf(Math.max(fromLine, toLine - 1))];
    const end = Math.min(this.window[1] + AHEAD, this.length - 1);
    let start = -1;
    for (let index = Math.max(0, this.window[0] - AHEAD); index <= end + 1; index++) {
      const missing = index <= end && !this.packed[index];
      if (missing && start < 0) start = index;
      if (missing || start < 0) continue;
      this.need(start + 1, index);
      start = -1;
    }
  }

  /** Tells at most once a frame what changed; returns what ends it. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private append(count: number | null): void {
    const index = this.length;
    this.note().appended += this.counts.append(count);
    this.packed.push(undefined);
    this.touched(index);
  }

  private extend(length: number): void {
    while (this.length < length) this.append(null);
  }

  private recount(index: number, lines: number): void {
    const before = this.counts.of(index);
    if (this.counts.set(index, lines)) this.note().renumbered = true;
    if (before !== lines) this.touched(index);
  }

  private keep(index: number, packed: Packed): void {
    this.packed[index] = packed;
    this.holes.delete(index);
    this.textBytes += packed.bytes.length;
    this.low = Math.min(this.low, index);
    this.note().loaded.push(index);
    this.touched(index);
    while (this.textBytes > this.budget && this.dropFarthest());
  }

  private dropFarthest(): boolean {
    let high = this.length - 1;
    while (this.low < high && !this.packed[this.low]) this.low += 1;
    while (high > this.low && !this.packed[high]) high -= 1;
    const [first, last] = this.window;
    const index = first - this.low >= high - last ? this.low : high;
    if (index >= first && index <= last) return false;
    this.textBytes -= this.packed[index]?.bytes.length ?? 0;
    this.packed[index] = undefined;
    this.decoded.delete(index);
    this.note().dropped = true;
    return true;
  }

  private note(): Change {
    if (this.change) return this.change;
    this.change = { appended: 0, loaded: [], dropped: false, renumbered: false, holes: false };
    this.frame(() => this.tell());
    return this.change;
  }

  private tell(): void {
    const change = this.change;
    this.change = null;
    if (change) for (const listener of this.listeners) listener(change);
  }
}
