import type { Chunks } from "./chunks";
import type { Layer } from "./layer";
import type { Lines } from "./lines";
import { lineOf, textOf } from "./render";
import { stripSgr } from "./sgr";
import { segments } from "./text";

/** A place in the output: a line, and UTF-16 units of it without control sequences. */
export type Place = { line: number; unit: number };

/** What was selected as text, or why it cannot be copied: it is too much, or not all of it is here. */
export type Copied = { text: string } | { refused: "large" | "missing" };

export const LARGEST_COPY = 10_000_000;

/** The native selection over rows of which most are not mounted: its ends stay, and copying is answered from the store. */
export class Selection {
  private ends: [Place, Place] | null = null;

  constructor(
    private readonly chunks: Chunks,
    private readonly source: Lines,
    private readonly layer: Layer,
    private readonly changed: () => void = () => {},
  ) {}

  /** The lines of both ends, in order. */
  get lines(): readonly number[] {
    if (!this.ends) return [];
    const [first, last] = this.ends.map((place) => place.line) as [number, number];
    return first === last ? [first] : [first, last];
  }

  /** Takes over what the browser has selected. */
  update(): void {
    const selection = document.getSelection();
    const range = selection && selection.rangeCount > 0 ? selection.getRangeAt(0) : null;
    const start = range && this.placeOf(range.startContainer, range.startOffset);
    const end = range && this.placeOf(range.endContainer, range.endOffset);
    this.ends = start && end ? [start, end] : null;
  }

  /** Selects all of the output. */
  all(): void {
    const last = this.chunks.lineCount - 1;
    if (last < 0) return;
    this.ends = [
      { line: 0, unit: 0 },
      { line: last, unit: Number.MAX_SAFE_INTEGER },
    ];
    this.changed();
    const rows = this.layer.element.querySelectorAll(".log-row");
    const [first, end] = [rows[0], rows[rows.length - 1]];
    if (first && end)
      document.getSelection()?.setBaseAndExtent(textOf(first), 0, textOf(end), textOf(end).childNodes.length);
  }

  /** The selected text, without control sequences and line numbers; `null` where nothing of the output is selected. */
  copy(): Copied | null {
    this.update();
    if (!this.ends || document.getSelection()?.isCollapsed) return null;
    const [start, end] = this.ends;
    const lines: string[] = [];
    let size = 0;
    for (let index = this.chunks.chunkOf(start.line); index <= this.chunks.chunkOf(end.line); index++) {
      const part = this.part(index, start, end);
      if (part === null) return { refused: "missing" };
      for (const line of part) size += line.length + 1;
      if (size > LARGEST_COPY) return { refused: "large" };
      lines.push(...part);
    }
    return { text: lines.join("\n") };
  }

  private part(index: number, start: Place, end: Place): string[] | null {
    const lines = this.chunks.read(index);
    if (!lines) return null;
    const first = this.chunks.firstLine(index);
    const from = Math.max(0, start.line - first);
    return lines.slice(from, end.line - first + 1).map((line, offset) => {
      const number = first + from + offset;
      const plain = shown(line);
      return plain.slice(number === start.line ? start.unit : 0, number === end.line ? end.unit : plain.length);
    });
  }

  private placeOf(node: Node, offset: number): Place | null {
    if (!this.layer.element.contains(node)) return null;
    const row = rowOf(node, offset);
    if (!row) return null;
    const line = lineOf(row);
    const before = document.createRange();
    before.setStart(row, 0);
    before.setEnd(node, offset);
    return { line, unit: row.contains(node) && node !== this.layer.element ? this.unitAt(row, line, before) : 0 };
  }

  /** How much of a line lies before the end of a range that begins with its row. */
  private unitAt(row: Element, line: number, before: Range): number {
    const text = this.source.text(line);
    if (text === undefined) return 0;
    const walker = document.createTreeWalker(textOf(row), NodeFilter.SHOW_TEXT);
    let unit = 0;
    for (const segment of segments(text, this.source.state(line)).segments) {
      const node = walker.nextNode();
      if (!node || before.comparePoint(node, 0) > 0) break;
      if (node !== before.endContainer) unit = segment.end;
      else if (segment.kind === "code") unit = before.endOffset > 0 ? segment.end : segment.start;
      else unit = segment.start + before.endOffset;
    }
    return unit;
  }
}

function shown(line: string): string {
  const plain = stripSgr(line);
  return plain.endsWith("\r") ? plain.slice(0, -1) : plain;
}

function rowOf(node: Node, offset: number): Element | null {
  const element = node instanceof Element ? node : node.parentElement;
  const row = element?.closest(".log-row");
  if (row) return row;
  const child = node.childNodes[offset];
  return child instanceof Element ? (child.closest(".log-row") ?? nextRow(child)) : null;
}

function nextRow(element: Element): Element | null {
  let next = element.nextElementSibling;
  while (next && !next.classList.contains("log-row")) next = next.nextElementSibling;
  return next;
}
