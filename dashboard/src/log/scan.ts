import type { Chunks } from "./chunks";
import type { LandmarkList } from "./landmark-list";
import { textOf } from "./packed";

const SLICE_MS = 8;

/** Looks for landmarks in chunks whose text came, in short slices, so that a long output that is opened does not stop the page. */
export class Scan {
  private readonly due: number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly chunks: Chunks,
    private readonly landmarks: LandmarkList,
    private readonly told: () => void,
  ) {
    this.add(Array.from({ length: chunks.length }, (_, index) => index).filter((index) => chunks.text(index)));
  }

  add(indexes: readonly number[]): void {
    for (const index of indexes) this.due.push(index);
    if (this.due.length > 0) this.timer ??= setTimeout(() => this.slice());
  }

  close(): void {
    clearTimeout(this.timer);
    this.due.length = 0;
  }

  /** The newest first: a run that failed says so at its end. */
  private slice(): void {
    const before = this.landmarks.all.length;
    const end = performance.now() + SLICE_MS;
    for (let index = this.due.pop(); index !== undefined; index = this.due.pop()) {
      const packed = this.chunks.text(index);
      if (packed) this.landmarks.add(index, textOf(packed));
      if (performance.now() > end) break;
    }
    this.timer = undefined;
    this.add([]);
    if (this.landmarks.all.length !== before) this.told();
  }
}
