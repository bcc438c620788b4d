import type { Match } from "./find";
import { textOf } from "./render";

const ALL = "log-match";
const CURRENT = "log-current-match";

/** Marks matches in mounted rows by the browser's highlights, so that no row is drawn anew and no selection is lost. */
export class Marks {
  private readonly all = typeof Highlight === "undefined" ? null : new Highlight();
  private readonly current = typeof Highlight === "undefined" ? null : new Highlight();

  constructor() {
    if (!this.all || !this.current) return;
    this.current.priority = 1;
    CSS.highlights.set(ALL, this.all);
    CSS.highlights.set(CURRENT, this.current);
  }

  clear(): void {
    this.all?.clear();
    this.current?.clear();
  }

  /** Marks a match in the row that shows its line; returns where it is. */
  add(row: Element, match: Match, current: boolean): Range | null {
    const range = rangeOf(textOf(row), match.start, match.end);
    if (range) (current ? this.current : this.all)?.add(range);
    return range;
  }
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
