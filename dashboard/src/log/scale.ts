/** No element is made higher: Firefox makes one of 18,000,000 px zero pixels high, Chromium cuts at 33,554,428. */
export const HIGHEST = 8_000_000;
const EXACT = 200_000;

/**
 * Maps positions in output of any height to those of a scrollbar of bounded height. Up to the bound they are the same; beyond it
 * both ends map pixel by pixel, so that the first and the last line are reached exactly, and what lies between proportionally.
 */
export class Scale {
  /** The height that the browser is given. */
  readonly height: number;
  /** The last position: the end of the output at the lower edge of the page. */
  readonly end: number;
  private readonly scrollEnd: number;

  constructor(total: number, page: number) {
    this.height = Math.min(total, HIGHEST);
    this.end = Math.max(0, total - page);
    this.scrollEnd = Math.max(0, this.height - page);
  }

  /** Whether a pixel of the scrollbar is a pixel of the output. */
  get exact(): boolean {
    return this.end === this.scrollEnd;
  }

  toScroll(position: number): number {
    if (this.exact || position <= EXACT) return Math.max(0, Math.min(position, this.scrollEnd));
    const left = this.end - position;
    if (left <= EXACT) return this.scrollEnd - Math.max(0, left);
    return EXACT + ((position - EXACT) * (this.scrollEnd - 2 * EXACT)) / (this.end - 2 * EXACT);
  }

  toPosition(scroll: number): number {
    if (this.exact || scroll <= EXACT) return Math.max(0, Math.min(scroll, this.end));
    const left = this.scrollEnd - scroll;
    if (left <= EXACT) return this.end - Math.max(0, left);
    return EXACT + ((scroll - EXACT) * (this.end - 2 * EXACT)) / (this.scrollEnd - 2 * EXACT);
  }
}
