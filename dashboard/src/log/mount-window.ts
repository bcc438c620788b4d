const NEAR = 2;
const BEYOND = 8;
const AHEAD = 24;

/** The lines of a page with so many rows more above and below. */
export type Around = (above: number, below: number) => [number, number];

/**
 * Which lines are mounted: the page's and some beyond, in the direction of scrolling more of them, so that most turns of the wheel
 * mount nothing. At the end that is followed hardly any: they would be gone with the next frame.
 */
export class MountWindow {
  /** Which way the reader moves, by sign. */
  heading = 0;
  private stale = true;
  private mounted: [number, number] = [0, 0];

  /** What is mounted must be looked at again, even if it reaches far enough. */
  spoil(): void {
    this.stale = true;
  }

  /** The lines to mount, or `null` where those that are mounted still reach beyond the page. */
  next(around: Around, following: boolean): [number, number] | null {
    const [from, to] = around(NEAR, NEAR);
    if (!this.stale && from >= this.mounted[0] && to <= this.mounted[1]) return null;
    this.mounted = following ? [from, to] : this.wider(around);
    this.stale = false;
    return this.mounted;
  }

  get from(): number {
    return this.mounted[0];
  }

  get to(): number {
    return this.mounted[1];
  }

  private wider(around: Around): [number, number] {
    const ahead = this.stale ? BEYOND : AHEAD;
    return this.heading < 0 ? around(ahead, BEYOND) : around(BEYOND, ahead);
  }
}
