import { Carry } from "./carry";
import { cells } from "./cells";
import type { Change, Chunks } from "./chunks";
import { isStderr } from "./packed";
import type { Row } from "./render";
import { stripSgr } from "./sgr";
import { PLAIN, type SgrState } from "./style";
import { type TimeMode, timeText } from "./times";

/** One line with all that is known of it, by its place from 0. */
export class Lines {
  times: TimeMode = "off";
  /** When the attempt began, in milliseconds since 1970; without one its first chunk counts. */
  start: number | null = null;
  private readonly carry: Carry;

  constructor(private readonly chunks: Chunks) {
    this.carry = new Carry(chunks);
  }

  /** Takes what changed: text that came before other text, or went, changes the colours that are carried. Tells whether it did. */
  changed(change: Change): boolean {
    const changes = change.dropped || change.loaded.some((index) => this.chunks.text(index + 1) !== undefined);
    if (changes) this.carry.forget();
    return changes;
  }

  /** A line's text as stored, while it is loaded. */
  text(line: number): string | undefined {
    const index = this.chunks.chunkOf(line);
    return this.chunks.lines(index)?.[line - this.chunks.firstLine(index)];
  }

  /** A line's text without control sequences, as it is read. */
  plain(line: number): string {
    const plain = stripSgr(this.text(line) ?? "");
    return plain.endsWith("\r") ? plain.slice(0, -1) : plain;
  }

  /** The colours that a line begins with. */
  state(line: number): SgrState {
    const index = this.chunks.chunkOf(line);
    const lines = this.chunks.lines(index);
    return lines ? this.carry.at(index, line - this.chunks.firstLine(index), lines) : PLAIN;
  }

  /** How many columns a line takes unwrapped. */
  width(line: number): number {
    return cells(stripSgr(this.text(line) ?? ""));
  }

  /** What is drawn of a line. */
  row(line: number): Row {
    const index = this.chunks.chunkOf(line);
    const packed = this.chunks.text(index);
    const within = line - this.chunks.firstLine(index);
    return {
      line,
      number: this.chunks.numbered(index) ? line + 1 : null,
      lines: this.chunks.lineCount,
      text: this.text(line) ?? "",
      state: this.state(line),
      stderr: packed !== undefined && isStderr(packed, within),
      time: this.times === "off" || !packed ? null : this.time(index, within, packed.ts),
    };
  }

  private time(index: number, within: number, ts: number): string {
    const before = within === 0 ? (this.chunks.text(index - 1)?.ts ?? ts) : ts;
    return timeText(this.times, ts, this.start ?? this.chunks.text(0)?.ts ?? ts, before);
  }
}
