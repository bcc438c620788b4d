import type { Chunks } from "./chunks";
import type { Rows } from "./rows";

const TOLD = 4096;

type Shown = { element: HTMLElement; from: number; to: number; used: boolean };

/** Rows in place of text that is not here: as high as the lines that are missing, and saying which and why. */
export class Holes {
  private readonly shown = new Map<number, Shown>();
  private readonly told = new Set<number>();

  constructor(
    private readonly chunks: Chunks,
    private readonly rows: Rows,
  ) {}

  /** The last chunk of the hole that this one is in. */
  last(index: number): number {
    return this.edge(index, 1);
  }

  /** The element for the lines `from` to `to` of a hole, as high as they are. */
  show(index: number, from: number, to: number, rowHeight: number): HTMLElement {
    const key = this.edge(index, -1);
    const hole = this.shown.get(key) ?? { element: blank(), from, to, used: true };
    this.shown.set(key, Object.assign(hole, { from, to, used: true }));
    hole.element.style.height = `${(this.rows.of(to) - this.rows.of(from)) * rowHeight}px`;
    this.label(hole.element, key, this.last(index));
    return hole.element;
  }

  /** Removes what was not shown since the last time, and forgets what healed. */
  sweep(): void {
    for (const [key, hole] of this.shown) {
      if (!hole.used) hole.element.remove();
      if (!hole.used) this.shown.delete(key);
      hole.used = false;
    }
    for (const index of this.told) if (this.chunks.text(index)) this.told.delete(index);
  }

  /** The hole that shows a line: its first line, and its element. */
  around(line: number): [number, HTMLElement | undefined] {
    for (const hole of this.shown.values()) if (line >= hole.from && line < hole.to) return [hole.from, hole.element];
    return [line, undefined];
  }

  /** Whether the reader was told that this chunk is missing. */
  heals(index: number): boolean {
    return this.told.has(index);
  }

  private edge(index: number, step: 1 | -1): number {
    const state = this.chunks.holeAt(index);
    let at = index;
    while (this.missing(at + step) && this.chunks.holeAt(at + step) === state) at += step;
    return at;
  }

  private missing(index: number): boolean {
    return index >= 0 && index < this.chunks.length && !this.chunks.text(index);
  }

  private label(element: HTMLElement, first: number, last: number): void {
    const state = this.chunks.holeAt(first);
    if (state) for (let index = first; index <= last && this.told.size < TOLD; index++) this.told.add(index);
    const failed = state?.kind === "failed" ? state : undefined;
    const lines = this.span(first, last);
    const text = failed ? `${lines} could not be read: ${failed.error}.` : `⋯ ${lines.toLowerCase()} are being fetched`;
    const label = element.firstElementChild as HTMLElement;
    if (label.textContent !== text) label.textContent = text;
    element.classList.toggle("log-hole-failed", failed !== undefined);
    const button = element.lastElementChild as HTMLButtonElement;
    button.hidden = failed === undefined;
    button.onclick = failed ? () => failed.retry() : null;
  }

  private span(first: number, last: number): string {
    if (!this.chunks.numbered(first)) return "Lines";
    const from = (this.chunks.firstLine(first) + 1).toLocaleString("en");
    if (!this.chunks.numbered(last + 1)) return `Lines from ${from} on`;
    return `Lines ${from}–${this.chunks.firstLine(last + 1).toLocaleString("en")}`;
  }
}

function blank(): HTMLElement {
  const element = document.createElement("div");
  element.className = "log-hole";
  element.setAttribute("role", "listitem");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Try again";
  element.append(document.createElement("span"), button);
  return element;
}
