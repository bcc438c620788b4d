/** Reads what nobody looks at yet: from where the text begins to be here outwards, until no more of it fits. */

/** The chunks of an attempt's output, counted from 0. */
export interface Loaded {
  readonly length: number;
  text(index: number): unknown;
  holeAt(index: number): { readonly kind: string } | undefined;
  listen(listener: (change: { loaded: number[]; dropped: boolean }) => void): () => void;
}

const PAGE = 64;

/** Wants one page after the other, each once the one before is here. */
export class Outwards {
  private wanted: [number, number] | null = null;
  private isOver = false;
  private middle = -1;
  private readonly unlisten: () => void;

  constructor(
    private readonly chunks: Loaded,
    /** Wants the text of chunks by `seq`, both inclusive. */
    private readonly need: (fromSeq: number, toSeq: number) => void,
  ) {
    this.unlisten = chunks.listen((change) => {
      if (change.dropped) this.close();
      else this.next();
    });
  }

  /** Begins where something is here, or goes on. */
  next(): void {
    if (this.isOver || (this.wanted && this.isMissingIn(this.wanted))) return;
    this.wanted = this.nearest();
    if (this.wanted) this.need(this.wanted[0] + 1, this.wanted[1] + 1);
  }

  close(): void {
    this.isOver = true;
    this.unlisten();
  }

  /** The missing chunks nearest to the middle, at most a page of them; null where there are none. */
  private nearest(): [number, number] | null {
    if (!this.found()) return null;
    const [below, above] = [this.missing(this.middle, -1), this.missing(this.middle, 1)];
    if (below < 0 && above >= this.chunks.length) return null;
    const isBelow = below >= 0 && (above >= this.chunks.length || this.middle - below <= above - this.middle);
    return isBelow ? [this.edge(below, -1), below] : [above, this.edge(above, 1)];
  }

  private found(): boolean {
    for (let at = this.chunks.length - 1; this.middle < 0 && at >= 0; at--) if (this.chunks.text(at)) this.middle = at;
    return this.middle >= 0;
  }

  private missing(from: number, step: 1 | -1): number {
    let at = from;
    while (at >= 0 && at < this.chunks.length && !this.isMissing(at)) at += step;
    return at;
  }

  private edge(from: number, step: 1 | -1): number {
    let at = from;
    while (this.isMissing(at + step) && Math.abs(at + step - from) < PAGE) at += step;
    return at;
  }

  /** What could not be read is not wanted again: its row offers that. */
  private isMissing(at: number): boolean {
    if (at < 0 || at >= this.chunks.length || this.chunks.text(at)) return false;
    return this.chunks.holeAt(at)?.kind !== "failed";
  }

  private isMissingIn([from, to]: [number, number]): boolean {
    for (let at = from; at <= to; at++) if (this.isMissing(at)) return true;
    return false;
  }
}
