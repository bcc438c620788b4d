import type { Palette } from "./palette";

import { PLAIN, type SgrState, type Style } from "./style";
import { type Segment, segments } from "./text";

/** One line as it is to be drawn. `number` is what its place is called, from 1; null where that is not known. */
export type Row = {
  line: number;
  number: number | null;
  lines: number;
  text: string;
  state: SgrState;
  stderr: boolean;
  time: string | null;
};

const template = blank();

/** The element of a row: number, time, text. Made of text nodes and classes, never of markup. */
export function renderRow(row: Row, palette: Palette): HTMLElement {
  const element = template.cloneNode(true) as HTMLElement;
  element.setAttribute("aria-posinset", String(row.line + 1));
  element.setAttribute("aria-setsize", String(row.lines));
  if (row.stderr) element.classList.add("log-stderr");
  const [number, time, text] = element.children as unknown as [HTMLAnchorElement, HTMLElement, HTMLElement];
  if (row.number !== null) {
    number.textContent = String(row.number);
    number.setAttribute("href", `#L${row.number}`);
  }
  if (row.time === null) time.remove();
  else time.textContent = row.time;
  for (const segment of segments(row.text, row.state).segments) text.append(renderSegment(segment, palette));
  return element;
}

/** The part of a row that holds the line's text. */
export function textOf(row: Element): HTMLElement {
  return row.lastElementChild as HTMLElement;
}

/** The line that a row shows, from 0. */
export function lineOf(row: Element): number {
  return Number(row.getAttribute("aria-posinset")) - 1;
}

function renderSegment(segment: Segment, palette: Palette): Node {
  const text = document.createTextNode(segment.text);
  if (segment.kind === "text" && segment.style === PLAIN) return text;
  const element = segment.href === undefined ? document.createElement("span") : link(segment.href);
  element.append(text);
  if (segment.style !== PLAIN) paint(element, segment.style, palette);
  if (segment.kind === "code") element.classList.add("log-code");
  return element;
}

function paint(element: HTMLElement, style: Style, palette: Palette): void {
  const { classes, color, background } = palette.look(style);
  element.className = classes;
  if (color !== null) element.style.color = color;
  if (background !== null) element.style.backgroundColor = background;
}

function link(href: string): HTMLElement {
  const element = document.createElement("a");
  element.href = href;
  element.rel = "noopener noreferrer nofollow";
  element.target = "_blank";
  element.tabIndex = -1;
  return element;
}

function blank(): HTMLElement {
  const row = document.createElement("div");
  row.className = "log-row";
  row.setAttribute("role", "listitem");
  row.dir = "ltr";
  const number = document.createElement("a");
  number.className = "log-number";
  number.tabIndex = -1;
  const time = document.createElement("span");
  time.className = "log-time";
  const text = document.createElement("span");
  text.className = "log-text";
  row.append(number, time, text);
  return row;
}
