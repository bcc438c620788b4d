import type { Change, Chunks } from "./chunks";
import { type Elsewhere, Finder } from "./finder";
import { LandmarkList, type Placed } from "./landmark-list";
import { Ruler, type Ticks } from "./ruler";
import { Scan } from "./scan";
import { type Range, Surface } from "./surface";

/** What the page that holds the output is told. */
export type ReaderTold = {
  /** Lines were marked or unmarked by the reader. */
  marked: (range: Range | null) => void;
  /** Copying was refused. */
  refused: (why: "large" | "missing") => void;
  /** Searches what is not loaded. */
  elsewhere?: Elsewhere | undefined;
};

/** How an output is opened: at a link's lines, at its first failure, or at its end. */
export type Opening = { range: Range | null; failed: boolean };

const TELL_MS = 200;
const PLAIN_LINES = 2_000;

/** Somebody who reads an output: the rows, and what finds the way in them. What the toolbar and the keys do is here. */
export class Reader {
  readonly surface: Surface;
  readonly finder: Finder;
  readonly ruler: Ruler;
  readonly landmarks = new LandmarkList();
  /** Counts up with each change that is shown around the rows. */
  version = 0;
  private readonly listeners = new Set<() => void>();
  private readonly unlisten: () => void;
  private readonly scan: Scan;
  private opening: Opening | null;
  private opened = false;
  private at: number | null = null;
  private stale = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly chunks: Chunks,
    private readonly told: ReaderTold,
    name: string,
    opening: Opening,
  ) {
    this.opening = opening;
    const changed = (): void => this.tell();
    const drawn = (): void => void this.finder?.mark();
    this.surface = new Surface(
      chunks,
      { changed, drawn, marked: (range) => this.marked(range), refused: told.refused },
      name,
    );
    this.finder = new Finder(chunks, this.surface, changed, told.elsewhere);
    this.ruler = new Ruler(
      () => this.ticks(),
      (part) => this.surface.viewport.goTo(Math.floor(part * chunks.lineCount), 0.5),
    );
    this.unlisten = chunks.listen((change) => this.change(change));
    for (const gesture of ["wheel", "pointerdown", "keydown"]) {
      this.surface.scroller.addEventListener(gesture, () => this.settle(), { passive: true });
    }
    this.scan = new Scan(chunks, this.landmarks, () => this.found());
  }

  /** Puts the rows and the ruler into the page. */
  mount(host: HTMLElement): void {
    host.append(this.surface.scroller, this.ruler.element);
    this.surface.resize();
    this.open();
  }

  /** Ends all listening. */
  close(): void {
    this.unlisten();
    this.scan.close();
    this.finder.close();
    clearTimeout(this.timer);
    this.surface.close();
    this.ruler.element.remove();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Whether landmarks were looked for in all text that is here. */
  get scanned(): boolean {
    return this.scan.done;
  }

  /** Goes to the next or previous failure. */
  stepFailure(direction: 1 | -1): void {
    const { chunk, line } = this.here();
    const found =
      direction > 0 ? this.landmarks.next(chunk, line, "failure") : this.landmarks.previous(chunk, line, "failure");
    if (found) this.goTo(found);
  }

  /** Goes to a landmark, and marks its line until something else is marked. */
  goTo(landmark: Placed): void {
    this.settle();
    const line = this.lineOf(landmark);
    this.at = line;
    this.surface.viewport.goTo(line);
    this.surface.mark({ from: line + 1, to: line + 1 });
  }

  /** Marks what the address says; goes there. */
  link(range: Range | null): void {
    this.settle();
    this.surface.mark(range, true);
  }

  /** The lines around the view as plain text, and the number of the first, from 1. */
  plain(): { first: number; text: string } {
    const middle = this.surface.viewport.middle;
    const first = Math.max(0, middle - PLAIN_LINES / 2);
    const end = Math.min(this.chunks.lineCount, first + PLAIN_LINES);
    const lines: string[] = [];
    for (let line = first; line < end; line++) lines.push(this.surface.lines.plain(line));
    return { first: first + 1, text: lines.join("\n") };
  }

  /** Copies the address with the marked lines, or the line at the top of the view. */
  async copyLink(): Promise<void> {
    const top = this.surface.viewport.top + 1;
    const { from, to } = this.surface.marked ?? { from: top, to: top };
    const address = new URL(location.href);
    address.hash = from === to ? `L${from}` : `L${from}-L${to}`;
    await navigator.clipboard?.writeText(address.href);
  }

  /** The line of a landmark, from 0. */
  lineOf(landmark: Placed): number {
    return this.chunks.firstLine(landmark.chunk) + landmark.line;
  }

  private here(): { chunk: number; line: number } {
    const { viewport } = this.surface;
    const line = this.at !== null && viewport.layer.row(this.at) ? this.at : viewport.top;
    const chunk = this.chunks.chunkOf(line);
    return { chunk, line: line - this.chunks.firstLine(chunk) };
  }

  /** The reader has begun to read: nothing moves by itself any more. */
  private settle(): void {
    this.opening = null;
  }

  private open(): void {
    if (!this.opening || this.chunks.lineCount === 0) return;
    const { range, failed } = this.opening;
    if (range) this.openAt(range);
    else if (!this.opened) this.surface.viewport.toEnd();
    this.opened = true;
    if (!range && !(failed && this.surface.follow.on)) this.opening = null;
    const failure = this.opening && !range ? this.landmarks.next(-1, 0, "failure") : null;
    if (failure) this.goTo(failure);
  }

  private openAt(range: Range): void {
    this.surface.mark(range, true);
    if (this.chunks.lineCount >= range.to) this.opening = null;
  }

  private change(change: Change): void {
    this.scan.add(change.loaded);
    this.finder.changed(change.loaded);
    this.open();
    this.tell();
  }

  private marked(range: Range | null): void {
    this.tell();
    this.told.marked(range);
  }

  private found(): void {
    this.open();
    this.tell();
  }

  /** Tells at once what changed, and what follows within a fifth of a second together. */
  private tell(): void {
    this.ruler?.refresh();
    this.stale = true;
    if (this.timer !== undefined) return;
    this.publish();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.stale) this.tell();
    }, TELL_MS);
  }

  private publish(): void {
    this.stale = false;
    this.version += 1;
    for (const listener of this.listeners) listener();
  }

  private ticks(): Ticks {
    const total = Math.max(1, this.chunks.lineCount);
    const parts = function* (lines: Iterable<number>): Iterable<number> {
      for (const line of lines) yield line / total;
    };
    const marks = (kind: "heading" | "failure") =>
      this.landmarks.all.filter((each) => each.kind === kind).map((each) => this.lineOf(each));
    const range = this.surface.marked;
    return [
      { kind: "stderr", at: parts(this.chunks.stderrLines()) },
      { kind: "heading", at: parts(marks("heading")) },
      { kind: "failure", at: parts(marks("failure")) },
      { kind: "match", at: parts(this.finder.ticks()) },
      { kind: "marked", at: parts(range ? [range.from - 1, range.to - 1] : []) },
    ];
  }
}
