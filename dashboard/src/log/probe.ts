import { Palette } from "./palette";
import { renderRow } from "./render";
import { PLAIN } from "./style";

const SAMPLE = "0".repeat(100);
const LEAST_COLUMNS = 8;

/** What a row measures, in pixels, and at how many columns lines wrap. */
export type Measure = { rowHeight: number; page: number; columns: number | null };

/** A row out of sight that is measured: how high rows are, how wide a cell, and how many of them fit beside the gutter. */
export class Probe {
  readonly element = renderRow(
    { line: 0, number: 1, lines: 0, text: "", state: PLAIN, stderr: false, time: "" },
    new Palette("light"),
  );
  /** Whether numbers are shown beside the lines. */
  numbered = true;
  rowHeight = 18;
  columns = 80;
  /** What numbers and times take, in pixels. */
  gutter = 0;
  private readonly text = this.element.lastElementChild as HTMLElement;
  private readonly sample = document.createElement("span");
  private cell = 8;

  constructor() {
    this.element.classList.add("log-probe");
    this.element.setAttribute("aria-hidden", "true");
    this.element.removeAttribute("role");
    this.sample.textContent = SAMPLE;
    this.text.append(this.sample);
  }

  /** Measures again; out of the document all stays as it was. */
  measure(): void {
    const row = this.element.getBoundingClientRect();
    const text = this.text.getBoundingClientRect();
    if (row.height === 0) return;
    this.rowHeight = row.height;
    this.cell = this.sample.getBoundingClientRect().width / SAMPLE.length;
    this.gutter = text.left - row.left;
    this.numbered = (this.element.firstElementChild as HTMLElement).getBoundingClientRect().width > 0;
    this.columns = Math.max(LEAST_COLUMNS, Math.floor((row.width - this.gutter - this.after) / this.cell));
  }

  /** The pixels that a row needs for so many cells. */
  widthOf(cells: number): number {
    return Math.ceil(this.gutter + cells * this.cell + this.after);
  }

  private get after(): number {
    return Number.parseFloat(getComputedStyle(this.element).paddingRight) || 0;
  }
}
