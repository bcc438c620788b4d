import type { Change, Chunks } from "./chunks";
import type { Follow } from "./follow";
import { type DrawRow, Layer } from "./layer";
import { MountWindow } from "./mount-window";
import type { Measure } from "./probe";
import type { Rows } from "./rows";
import { Scale } from "./scale";

const LONG = 3;
// Less than the ends of the scale that map pixel by pixel, so that the scrollbar has room wherever it is moved.
const DRIFT = 100_000;

/**
 * The window onto the rows: which are mounted, and where they stand. The line at the top and how much of it is scrolled away is the
 * truth; the scrollbar follows it. So neither a wrong estimate nor output that comes or heals moves what is read.
 */
export class Viewport {
  readonly layer: Layer;
  /** Lines that stay mounted out of view: the ends of the selection. */
  pinned: () => readonly number[] = () => [];
  /** Called after each drawing with the lines that are mounted. */
  drawn: (from: number, to: number) => void = () => {};

  /** Whether the end of the last line is in view. */
  atEnd = false;

  private readonly content = document.createElement("div");
  private measure: Measure = { rowHeight: 18, page: 0, columns: null };
  private scale = new Scale(0, 0);
  private line = 0;
  private offset = 0;
  private place: { index: number; within: number } = { index: 0, within: 0 };
  private scrolled = 0;
  private scrolling = false;
  private readonly window = new MountWindow();

  constructor(
    readonly scroller: HTMLElement,
    private readonly chunks: Chunks,
    private readonly rows: Rows,
    private readonly follow: Follow,
    draw: DrawRow,
  ) {
    this.layer = new Layer(chunks, rows, draw);
    this.content.className = "log-content";
    this.content.append(this.layer.element);
    scroller.append(this.content);
    scroller.addEventListener("scroll", () => this.onScroll(), { passive: true });
    scroller.addEventListener("scrollend", () => this.rest());
    scroller.addEventListener("wheel", (event) => event.deltaY < 0 && scroller.scrollTop > 0 && follow.left(), {
      passive: true,
    });
  }

  /** The first line in view, in part or whole. */
  get top(): number {
    return this.line;
  }

  /** The line in the middle of the view. */
  get middle(): number {
    return this.rows.at((this.position + this.measure.page / 2) / this.measure.rowHeight);
  }

  /** Takes new measures of rows and page, and keeps the line at the top, or the end if that is followed. */
  resize(measure: Measure): void {
    const part = this.offset / Math.max(1, this.rows.height(this.line) * this.measure.rowHeight);
    this.measure = measure;
    if (this.rows.wrap(measure.columns)) this.content.style.minWidth = "";
    this.offset = part * this.rows.height(this.line) * measure.rowHeight;
    this.again();
  }

  /** Takes what changed in the output, at once for a frame. */
  change(change: Change): void {
    if (change.renumbered) this.renumber();
    this.follow.appended(change.appended);
    this.again();
  }

  /** Draws again where it stands, or at the end if that is followed. */
  again(): void {
    this.fit();
    this.window.spoil();
    if (this.follow.on) this.toEnd();
    else if (this.scrolling) this.draw();
    else this.rest();
  }

  /** Shows a line, a part of the page below its upper edge. */
  goTo(line: number, part = 0.3): void {
    this.fit();
    this.line = Math.max(0, Math.min(line, this.chunks.lineCount - 1));
    this.offset = 0;
    this.move(-Math.round((this.measure.page * part) / this.measure.rowHeight) * this.measure.rowHeight);
    this.settle();
    if (this.atEnd) this.follow.reached();
    else this.follow.left();
  }

  /** Shows a line: where it is if it is in view already, else a part of the page below the upper edge. */
  show(line: number): void {
    const from = this.rows.of(line) * this.measure.rowHeight - this.position;
    if (from < 0 || from > this.measure.page - 2 * this.measure.rowHeight) this.goTo(line);
  }

  /** Shows the end, and follows it. */
  toEnd(): void {
    this.follow.reached();
    this.fit();
    this.stand(this.scale.end);
    this.settle();
  }

  /** Makes the content at least so wide: lines that do not wrap can be scrolled to their end. */
  widen(width: number): void {
    this.content.style.minWidth = `${width}px`;
  }

  private get position(): number {
    return this.rows.of(this.line) * this.measure.rowHeight + this.offset;
  }

  private onScroll(): void {
    const now = this.scroller.scrollTop;
    const by = now - this.scrolled;
    if (by === 0) return;
    this.scrolling = true;
    this.scrolled += by;
    this.window.heading = by;
    if (this.scale.exact && this.measure.columns === null) this.stand(now);
    else if (Math.abs(by) < LONG * this.measure.page) this.move(by);
    else this.stand(this.scale.toPosition(now));
    if (by < 0) this.follow.left();
    this.touchEdges(now, by);
    if (Math.abs(now - this.scale.toScroll(this.position)) > DRIFT) this.rebase();
    this.draw();
    if (by > 0 && this.atEnd) this.follow.reached();
  }

  /** At an edge of the scrollbar stands an edge of the output, whatever was estimated between. */
  private touchEdges(now: number, by: number): void {
    if (now <= 0) this.stand(0);
    if (by < 0 || now < this.scale.height - this.measure.page - 1) return;
    this.follow.reached();
    this.stand(this.scale.end);
  }

  private stand(position: number): void {
    const at = Math.max(0, Math.min(position, this.scale.end));
    this.line = this.rows.at(Math.floor(at / this.measure.rowHeight));
    this.offset = at - this.rows.of(this.line) * this.measure.rowHeight;
  }

  /** Moves by pixels: over mounted lines as high as they are measured, over others as estimated. */
  private move(by: number): void {
    if (this.measure.columns === null) this.stand(this.position + by);
    else this.walk(by);
  }

  private walk(by: number): void {
    let { line, offset } = this;
    for (offset += by; offset < 0 && line > 0; ) offset += this.heightOf(--line);
    const last = this.chunks.lineCount - 1;
    for (let height = this.heightOf(line); offset >= height && line < last; height = this.heightOf(line)) {
      offset -= height;
      line += 1;
    }
    this.line = line;
    this.offset = Math.max(0, offset);
    if (this.position > this.scale.end) this.stand(this.scale.end);
  }

  private heightOf(line: number): number {
    return this.layer.row(line)?.offsetHeight ?? this.rows.height(line) * this.measure.rowHeight;
  }

  private renumber(): void {
    this.layer.forget();
    const within = Math.min(this.place.within, Math.max(0, this.chunks.linesOf(this.place.index) - 1));
    this.line = this.chunks.firstLine(this.place.index) + within;
  }

  /** Gives the content its height. */
  private fit(): void {
    const { rowHeight, page } = this.measure;
    const before = this.scale.height;
    this.scale = new Scale(this.rows.total * rowHeight, page);
    if (this.scale.height !== before) this.content.style.height = `${this.scale.height}px`;
    if (this.position > this.scale.end) this.stand(this.scale.end);
  }

  /** Brings the scrollbar to where the output stands, once nobody moves it. */
  private settle(): void {
    this.window.spoil();
    this.rest();
  }

  /** The scrolling has ended: rows stay mounted as they are. */
  private rest(): void {
    this.scrolling = false;
    this.rebase();
    this.draw();
  }

  private rebase(): void {
    const target = this.scale.toScroll(this.position);
    if (Math.abs(target - this.scrolled) >= 1) this.scroller.scrollTop = target;
    this.scrolled = this.scroller.scrollTop;
  }

  private draw(): void {
    if (this.measure.page === 0) return;
    const next = this.window.next((above, below) => this.around(above, below), this.follow.on);
    if (next) this.chunks.look(...next);
    if (next) this.layer.show(...next, this.pinned(), this.measure.rowHeight);
    const top = this.measure.columns === null ? this.plainTop() : this.measuredTop();
    this.layer.element.style.transform = `translateY(${this.scrolled - this.offset - top}px)`;
    const index = this.chunks.chunkOf(this.line);
    this.place = { index, within: this.line - this.chunks.firstLine(index) };
    if (next) this.drawn(...next);
  }

  private around(above: number, below: number): [number, number] {
    const { rowHeight, page } = this.measure;
    const first = Math.floor(this.position / rowHeight);
    const to = this.rows.at(first + Math.ceil(page / rowHeight) + below) + 1;
    return [this.rows.at(Math.max(0, first - above)), Math.min(to, this.chunks.lineCount)];
  }

  private plainTop(): number {
    this.atEnd = this.position >= this.scale.end - 1;
    return (this.line - this.window.from) * this.measure.rowHeight;
  }

  /** Wrapped lines may be higher or lower than estimated: the last one still ends at the lower edge. */
  private measuredTop(): number {
    const top = this.layer.topOf(this.line, this.measure.rowHeight);
    const blank = top + this.offset + this.measure.page - this.layer.bottom;
    const hasLast = this.window.to >= this.chunks.lineCount;
    this.atEnd = hasLast && blank >= -1;
    if (!hasLast || blank === 0 || (blank < 0 && !this.follow.on)) return top;
    this.atEnd = true;
    while (this.line > this.window.from && this.offset < blank) this.offset += this.heightOf(--this.line);
    this.offset = Math.max(0, this.offset - blank);
    return this.layer.topOf(this.line, this.measure.rowHeight);
  }
}
