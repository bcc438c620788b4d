import type { Chunks } from "./chunks";
import type { LandmarkList } from "./landmark-list";
import { textOf } from "./packed";

const SLICE_MS = 8;
const IDLE_MS = 50;

/** Looks for landmarks in chunks whose text came, in short slices, so that a long output that is opened does not stop the page. */
export class Scan {
  private readonly due: number[] = [];
  private unschedule: (() => void) | undefined;

  constructor(
    private readonly chunks: Chunks,
    private readonly landmarks: LandmarkList,
    private readonly told: () => void,
  ) {
    this.add(Array.from({ length: chunks.length }, (_, index) => index).filter((index) => chunks.text(index)));
  }

  add(indexes: readonly number[]): void {
    for (const index of indexes) this.due.push(index);
    if (this.due.length > 0) this.unschedule ??= idle(() => this.slice());
  }

  close(): void {
    this.unschedule?.();
    this.due.length = 0;
  }

  /** Whether all text that came was looked through. */
  get done(): boolean {
    return this.due.length === 0;
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
    this.unschedule = undefined;
    this.add([]);
    if (this.landmarks.all.length !== before) this.told();
  }
}

/** Calls back when the browser has nothing else to do; returns what takes that back. */
function idle(run: () => void): () => void {
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(run, IDLE_MS);
    return () => clearTimeout(timer);
  }
  const asked = requestIdleCallback(run, { timeout: 1000 });
  return () => cancelIdleCallback(asked);
}
