import type { Chunks } from "./chunks";
import { Holes } from "./holes";
import type { Rows } from "./rows";

/** Draws the row of a line whose text is here. */
export type DrawRow = (line: number) => HTMLElement;

/** The rows that are mounted: those in view in flow and in DOM order, the ends of the selection beside them, out of flow. */
export class Layer {
  readonly element = document.createElement("div");
  private readonly mounted = new Map<number, HTMLElement>();
  private readonly holes: Holes;
  private from = 0;
  private to = 0;

  constructor(
    private readonly chunks: Chunks,
    private readonly rows: Rows,
    private readonly draw: DrawRow,
  ) {
    this.element.className = "log-layer";
    this.element.setAttribute("role", "list");
    this.holes = new Holes(chunks, rows);
  }

  /** Mounts these lines, and of the pinned ones those outside of them. */
  show(from: number, to: number, pinned: readonly number[], rowHeight: number): void {
    this.from = from;
    this.to = to;
    this.removeOthers(pinned);
    let next: ChildNode | null = this.element.firstChild;
    const put = (element: HTMLElement): void => {
      if (element === next) next = element.nextSibling;
      else this.element.insertBefore(element, next);
    };
    for (const line of pinned) if (line < from) put(this.pin(line));
    for (let line = from; line < to; ) line = this.putLine(line, rowHeight, put);
    for (const line of pinned) if (line >= to) put(this.pin(line));
    this.holes.sweep();
  }

  /** The element that shows a line, unless it is out of view or in a hole. */
  row(line: number): HTMLElement | undefined {
    return line >= this.from && line < this.to ? this.mounted.get(line) : undefined;
  }

  /** Lines that are mounted and in view, with their elements. */
  *shown(): Iterable<[number, HTMLElement]> {
    for (let line = this.from; line < this.to; line++) {
      const element = this.mounted.get(line);
      if (element) yield [line, element];
    }
  }

  /** How far below the layer's top a mounted line is: measured. */
  topOf(line: number, rowHeight: number): number {
    const element = this.row(line);
    if (element) return element.offsetTop;
    const [start, hole] = this.holes.around(line);
    return (hole?.offsetTop ?? 0) + (this.rows.of(line) - this.rows.of(start)) * rowHeight;
  }

  /** The lower edge of what is mounted: measured. */
  get bottom(): number {
    const last = this.row(this.to - 1) ?? this.holes.around(this.to - 1)[1];
    return last ? last.offsetTop + last.offsetHeight : 0;
  }

  /** Draws these lines anew when they are shown next. */
  forget(stale: (line: number, element: HTMLElement) => boolean = () => true): void {
    for (const [line, element] of this.mounted) {
      if (!stale(line, element)) continue;
      element.remove();
      this.mounted.delete(line);
    }
  }

  private removeOthers(pinned: readonly number[]): void {
    for (const [line, element] of this.mounted) {
      const inside = line >= this.from && line < this.to;
      element.classList.toggle("log-pinned", !inside);
      if (inside || pinned.includes(line)) continue;
      element.remove();
      this.mounted.delete(line);
    }
  }

  private putLine(line: number, rowHeight: number, put: (element: HTMLElement) => void): number {
    const index = this.chunks.chunkOf(line);
    if (this.chunks.text(index)) {
      put(this.mount(line, index));
      return line + 1;
    }
    const end = Math.min(this.to, this.chunks.firstLine(this.holes.last(index) + 1));
    this.drop(line, end);
    put(this.holes.show(index, line, end, rowHeight));
    return end;
  }

  private mount(line: number, index: number): HTMLElement {
    const known = this.mounted.get(line);
    if (known) return known;
    const element = this.draw(line);
    if (this.holes.heals(index)) element.classList.add("log-healed");
    this.mounted.set(line, element);
    return element;
  }

  private pin(line: number): HTMLElement {
    const element = this.mounted.get(line) ?? this.draw(line);
    element.classList.add("log-pinned");
    this.mounted.set(line, element);
    return element;
  }

  private drop(from: number, to: number): void {
    for (let line = from; line < to; line++) {
      this.mounted.get(line)?.remove();
      this.mounted.delete(line);
    }
  }
}
