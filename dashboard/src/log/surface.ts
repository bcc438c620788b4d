import type { Change, Chunks } from "./chunks";
import { Follow } from "./follow";
import { Lines } from "./lines";
import { Palette, type Theme } from "./palette";
import { Probe } from "./probe";
import { lineOf, renderRow } from "./render";
import { Rows } from "./rows";
import { Selection } from "./selection";
import { same } from "./sgr";
import { PLAIN, type SgrState } from "./style";
import type { TimeMode } from "./times";
import { Viewport } from "./viewport";

const MARGIN = 40;

/** Lines that are marked in the address, from 1, both inclusive. */
export type Range = { from: number; to: number };

/** How output is shown. */
export type Shown = { wrap: boolean; timestamps: TimeMode; textSize: number; start: number | null };

/** What the surface tells the page that holds it. */
export type Told = {
  /** Something that is shown around the rows changed: following, lines that came, the place. */
  changed: () => void;
  /** A line or a range was marked, or unmarked. */
  marked: (range: Range | null) => void;
  /** Copying was refused: it is too much, or not all of it is here. */
  refused: (why: "large" | "missing") => void;
  /** Rows were drawn. */
  drawn: (from: number, to: number) => void;
};

/** The output on the screen: rows, scrolling, selection, marks. Knows nothing of where output comes from, nor of the toolbar. */
export class Surface {
  readonly scroller = document.createElement("div");
  readonly follow: Follow;
  readonly rows: Rows;
  readonly lines: Lines;
  readonly viewport: Viewport;
  readonly selection: Selection;
  private readonly probe = new Probe();
  private readonly observer: ResizeObserver;
  private readonly ends: (() => void)[] = [];
  private range: Range | null = null;
  private readonly states = new WeakMap<HTMLElement, SgrState>();
  private palette = new Palette("light");
  private wrapped = false;
  private longest = 0;
  private digits = 0;

  constructor(
    readonly chunks: Chunks,
    private readonly told: Told,
    name: string,
  ) {
    this.follow = new Follow(told.changed);
    this.rows = new Rows(chunks);
    this.lines = new Lines(chunks);
    this.prepare(name);
    this.scroller.append(this.probe.element);
    this.viewport = new Viewport(this.scroller, chunks, this.rows, this.follow, (line) => this.draw(line));
    this.selection = new Selection(chunks, this.lines, this.viewport.layer, () => this.viewport.again());
    this.viewport.pinned = () => this.selection.lines;
    this.viewport.drawn = told.drawn;
    this.observer = new ResizeObserver(() => this.resize());
    this.listen();
  }

  /** Ends all listening. */
  close(): void {
    this.observer.disconnect();
    for (const end of this.ends) end();
    this.scroller.remove();
  }

  /** Shows the output another way. */
  show({ wrap, timestamps, textSize, start }: Shown): void {
    this.wrapped = wrap;
    this.scroller.classList.toggle("log-wrapped", wrap);
    this.scroller.dataset.times = timestamps;
    this.scroller.style.setProperty("--output-size", `${textSize}px`);
    this.scroller.style.setProperty("--output-line", `${Math.round((textSize * 18) / 13)}px`);
    const drawn = this.lines.times !== timestamps || this.lines.start !== start;
    Object.assign(this.lines, { times: timestamps, start });
    if (drawn) this.viewport.layer.forget();
    this.resize();
  }

  set theme(theme: Theme) {
    this.palette = new Palette(theme);
    this.viewport.layer.forget();
    this.viewport.again();
  }

  /** Marks lines, from 1; with `show`, goes there. */
  mark(range: Range | null, show = false): void {
    this.range = range;
    for (const [line, row] of this.viewport.layer.shown()) row.classList.toggle("log-marked", this.marks(line));
    if (range && show) this.viewport.goTo(range.from - 1);
  }

  /** Scrolls as far as it needs to bring something within a mounted row into view. */
  reveal(box: DOMRect): void {
    const view = this.scroller.getBoundingClientRect();
    const left = view.left + this.probe.gutter;
    if (box.left < left) this.scroller.scrollLeft -= left - box.left + MARGIN;
    else if (box.right > view.right - MARGIN) this.scroller.scrollLeft += box.right - view.right + 2 * MARGIN;
    if (box.top < view.top || box.bottom > view.bottom) this.scroller.scrollTop += box.top - view.top - view.height / 3;
  }

  get marked(): Range | null {
    return this.range;
  }

  /** Measures again: another size of the page, of text, or of the gutter. */
  resize(): void {
    this.digits = Math.max(4, String(this.chunks.lineCount).length);
    this.scroller.style.setProperty("--log-digits", String(this.digits));
    this.probe.measure();
    const { rowHeight, columns } = this.probe;
    this.viewport.resize({ rowHeight, page: this.scroller.clientHeight, columns: this.wrapped ? columns : null });
    this.viewport.widen(this.wrapped ? 0 : this.probe.widthOf(this.longest));
  }

  private prepare(name: string): void {
    this.scroller.className = "log-scroller";
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute("role", "region");
    this.scroller.setAttribute("aria-label", name);
  }

  private listen(): void {
    this.observer.observe(this.scroller);
    this.ends.push(this.chunks.listen((change) => this.change(change)));
    const selected = (): void => this.selection.update();
    document.addEventListener("selectionchange", selected);
    this.ends.push(() => document.removeEventListener("selectionchange", selected));
    this.scroller.addEventListener("scroll", () => this.keepNumbers(), { passive: true });
    this.scroller.addEventListener("copy", (event) => this.copy(event));
    this.scroller.addEventListener("click", (event) => this.click(event));
  }

  private change(change: Change): void {
    if (String(this.chunks.lineCount).length > this.digits) this.resize();
    if (this.lines.changed(change)) this.recolour();
    this.viewport.change(change);
    if (change.appended > 0) this.told.changed();
  }

  /** Rows whose colours were carried from elsewhere are drawn anew. */
  private recolour(): void {
    this.viewport.layer.forget((line, row) => !same(this.states.get(row) ?? PLAIN, this.lines.state(line)));
  }

  private draw(line: number): HTMLElement {
    const row = this.lines.row(line);
    const element = renderRow(row, this.palette);
    this.states.set(element, row.state);
    if (this.marks(line)) element.classList.add("log-marked");
    if (!this.wrapped) this.widen(this.lines.width(line));
    return element;
  }

  /** The content is as wide as the longest line seen, so that the bar below does not come and go. */
  private widen(cells: number): void {
    if (cells <= this.longest) return;
    this.longest = cells;
    this.viewport.widen(this.probe.widthOf(cells));
  }

  private marks(line: number): boolean {
    return this.range !== null && line + 1 >= this.range.from && line + 1 <= this.range.to;
  }

  /** Numbers stay in view where lines are scrolled sideways; elsewhere that would only cost time. */
  private keepNumbers(): void {
    this.scroller.classList.toggle("log-sideways", this.scroller.scrollLeft > 0);
  }

  private copy(event: ClipboardEvent): void {
    const copied = this.selection.copy();
    if (!copied) return;
    event.preventDefault();
    if ("text" in copied) event.clipboardData?.setData("text/plain", copied.text);
    else this.told.refused(copied.refused);
  }

  private click(event: MouseEvent): void {
    const row = this.rowOf(event);
    if (!row || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const line = lineOf(row) + 1;
    const other = event.shiftKey && this.range ? this.range.from : line;
    this.mark({ from: Math.min(line, other), to: Math.max(line, other) });
    this.told.marked(this.range);
  }

  /** The row whose number was clicked; where numbers are hidden, on phones, the row itself. */
  private rowOf(event: MouseEvent): Element | null {
    const target = event.target as Element;
    const row = target.closest(".log-row");
    if (target.closest(".log-number")) return row?.querySelector(".log-number[href]") ? row : null;
    const reads = this.probe.numbered || target.closest("a, button") || document.getSelection()?.isCollapsed === false;
    return reads ? null : row;
  }
}
