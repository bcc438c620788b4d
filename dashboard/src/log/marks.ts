import type { Match } from "./find";
import { textOf } from "./render";

const ALL = "log-match";
const CURRENT = "log-current-match";

/** Marks matches in mounted rows by the browser's highlights, so that no row is drawn anew and no selection is lost. */
export class Marks {
  private readonly all = registered(ALL, 0);
  private readonly current = registered(CURRENT, 1);
  private ranges: Range[] = [];

  /** Removes the marks that were made here; those of other views stay. */
  clear(): void {
    for (const range of this.ranges) {
      this.all?.delete(range);
      this.current?.delete(range);
    }
    this.ranges = [];
  }

  /** Marks a match in the row that shows its line; returns where it is. */
  add(row: Element, match: Match, current: boolean): Range | null {
    const range = rangeOf(textOf(row), match.start, match.end);
    if (!range) return null;
    (current ? this.current : this.all)?.add(range);
    this.ranges.push(range);
    return range;
  }
}

/** One highlight of each name is shared by all views of a page; none where the browser has no highlights. */
function registered(name: string, priority: number): Highlight | null {
  if (typeof Highlight === "undefined") return null;
  const highlight = CSS.highlights.get(name) ?? new Highlight();
  highlight.priority = priority;
  CSS.highlights.set(name, highlight);
  return highlight;
}

/** Of the text as it is shown: a character shown by its code is longer than it is, so the nodes say where they begin. */
function rangeOf(text: HTMLElement, start: number, end: number): Range | null {
  const range = document.createRange();
  let at = 0;
  let begun = false;
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode() as Text | null; node; node = walker.nextNode() as Text | null) {
    const coded = node.parentElement?.classList.contains("log-code");
    const size = coded ? codedSize(node) : node.length;
    if (!begun && start < at + size) {
      range.setStart(node, coded ? 0 : start - at);
      begun = true;
    }
    if (begun && end <= at + size) {
      range.setEnd(node, coded ? node.length : end - at);
      return range;
    }
    at += size;
  }
  return null;
}

/** Characters beyond the first plane are two units of the line. */
function codedSize(node: Text): number {
  return node.length > "‹U+FFFF›".length ? 2 : 1;
}
