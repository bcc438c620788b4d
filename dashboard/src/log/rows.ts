import { cells } from "./cells";
import type { Chunks } from "./chunks";
import { eachLine, lineAt, type Packed } from "./packed";
import { stripSgr } from "./sgr";
import { Sums } from "./sums";

const MEASURED = 64;
const ESCAPE = 27;

/**
 * Which row of the screen a line begins on. Unwrapped a line is a row. Wrapped it takes its cells by the columns; only lines with
 * more bytes than columns are looked at, and chunks without text count as many rows a line as the others have on average.
 */
export class Rows {
  private columns: number | null = null;
  private readonly sums = new Sums();
  private readonly dirty = new Set<number>();
  private readonly starts = new Map<number, Uint32Array>();
  private measuredRows = 0;
  private measuredLines = 0;

  constructor(private readonly chunks: Chunks) {
    chunks.touched = (index) => this.touch(index);
  }

  /** Wraps at so many columns, or not at all. Tells whether that changed anything. */
  wrap(columns: number | null): boolean {
    if (columns === this.columns) return false;
    this.columns = columns;
    this.starts.clear();
    this.measuredRows = this.measuredLines = 0;
    if (columns !== null) for (let index = 0; index < this.chunks.length; index++) this.dirty.add(index);
    return true;
  }

  get total(): number {
    if (this.columns === null) return this.chunks.lineCount;
    this.settle();
    return this.sums.total;
  }

  /** The first row of a line. */
  of(line: number): number {
    if (this.columns === null) return line;
    this.settle();
    if (line >= this.chunks.lineCount) return this.sums.total;
    const index = this.chunks.chunkOf(line);
    return this.sums.sum(index) + this.startOf(index, line - this.chunks.firstLine(index));
  }

  /** The line that a row belongs to. */
  at(row: number): number {
    const last = Math.max(0, this.chunks.lineCount - 1);
    if (this.columns === null) return Math.max(0, Math.min(Math.floor(row), last));
    this.settle();
    const index = this.sums.find(Math.max(0, row));
    const within = Math.max(0, Math.floor(row) - this.sums.sum(index));
    return Math.min(last, this.chunks.firstLine(index) + this.lineOf(index, within));
  }

  /** How many rows a line takes. */
  height(line: number): number {
    return this.columns === null ? 1 : this.of(line + 1) - this.of(line);
  }

  private touch(index: number): void {
    this.starts.delete(index);
    if (this.columns !== null) this.dirty.add(index);
  }

  private settle(): void {
    if (this.dirty.size === 0) return;
    for (const index of this.dirty) if (this.chunks.text(index)) this.count(index);
    for (const index of [...this.dirty].sort((a, b) => a - b)) if (!this.chunks.text(index)) this.estimate(index);
    this.dirty.clear();
  }

  private count(index: number): void {
    const starts = this.measure(this.chunks.text(index) as Packed);
    this.measuredLines += starts.length - 1;
    this.measuredRows += starts[starts.length - 1] as number;
    this.put(index, starts[starts.length - 1] as number);
  }

  private estimate(index: number): void {
    const mean = this.measuredLines === 0 ? 1 : this.measuredRows / this.measuredLines;
    this.put(index, Math.round(this.chunks.linesOf(index) * Math.max(1, mean)));
  }

  private put(index: number, rows: number): void {
    while (this.sums.length < index) this.sums.push(this.chunks.linesOf(this.sums.length));
    if (index === this.sums.length) this.sums.push(rows);
    else this.sums.set(index, rows);
  }

  private startOf(index: number, line: number): number {
    const starts = this.startsOf(index);
    if (starts) return starts[line] as number;
    const lines = this.chunks.linesOf(index);
    return lines === 0 ? 0 : Math.floor((line * this.sums.value(index)) / lines);
  }

  private lineOf(index: number, row: number): number {
    const starts = this.startsOf(index);
    const lines = this.chunks.linesOf(index);
    if (!starts) return Math.max(0, Math.min(lines - 1, Math.ceil(((row + 1) * lines) / this.sums.value(index)) - 1));
    let low = 0;
    let high = lines - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private startsOf(index: number): Uint32Array | undefined {
    const known = this.starts.get(index);
    if (known) return known;
    const packed = this.chunks.text(index);
    if (!packed) return undefined;
    const starts = this.measure(packed);
    this.starts.set(index, starts);
    if (this.starts.size > MEASURED) this.starts.delete(this.starts.keys().next().value as number);
    return starts;
  }

  private measure(packed: Packed): Uint32Array {
    const columns = this.columns as number;
    const starts = new Uint32Array(packed.lines + 1);
    eachLine(packed, (line, start, end) => {
      const short = packed.plain && end - start <= columns;
      const rows = short ? 1 : Math.max(1, Math.ceil(width(packed, start, end) / columns));
      starts[line + 1] = (starts[line] as number) + rows;
    });
    return starts;
  }
}

function width(packed: Packed, start: number, end: number): number {
  if (packed.ascii && !(packed.escapes && escaped(packed.bytes, start, end))) return end - start;
  return cells(stripSgr(lineAt(packed, start, end)));
}

function escaped(bytes: Uint8Array, start: number, end: number): boolean {
  const found = bytes.indexOf(ESCAPE, start);
  return found >= 0 && found < end;
}
