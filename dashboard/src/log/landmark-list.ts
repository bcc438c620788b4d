/** The landmarks of an output whose chunks come in any order: for the panel, the ruler, and stepping through failures. */

import { type Landmark, type LandmarkKind, landmarksOf } from "./landmarks";

/** A landmark and its chunk, counted from 0. */
export interface Placed extends Landmark {
  readonly chunk: number;
}

const MOST = 20_000;
const MOST_OF_CHUNK = 200;
const NONE: readonly Landmark[] = [];

/** At most `MOST` landmarks are kept; `full` tells that some were left out. */
export class LandmarkList {
  full = false;
  private readonly byChunk = new Map<number, readonly Landmark[]>();
  private kept = 0;
  private sorted: readonly Placed[] | null = null;

  /** Looks through a chunk's text; once it was looked through, it is not again. */
  add(chunk: number, text: string): void {
    if (this.byChunk.has(chunk)) return;
    const all = landmarksOf(text);
    const found = all.slice(0, Math.min(MOST_OF_CHUNK, MOST - this.kept));
    this.full ||= found.length < all.length;
    this.byChunk.set(chunk, found.length > 0 ? found : NONE);
    this.kept += found.length;
    if (found.length > 0) this.sorted = null;
  }

  /** All of them, in the output's order. */
  get all(): readonly Placed[] {
    this.sorted ??= [...this.byChunk]
      .filter(([, found]) => found.length > 0)
      .sort(([one], [other]) => one - other)
      .flatMap(([chunk, found]) => found.map((landmark) => ({ ...landmark, chunk })));
    return this.sorted;
  }

  /** The first one behind a line, or of all if there is none. */
  next(chunk: number, line: number, kind?: LandmarkKind): Placed | null {
    const among = this.of(kind);
    return among.find((each) => each.chunk > chunk || (each.chunk === chunk && each.line > line)) ?? among[0] ?? null;
  }

  /** The last one before a line, or of all if there is none. */
  previous(chunk: number, line: number, kind?: LandmarkKind): Placed | null {
    const among = this.of(kind);
    const found = among.findLast((each) => each.chunk < chunk || (each.chunk === chunk && each.line < line));
    return found ?? among.at(-1) ?? null;
  }

  private of(kind?: LandmarkKind): readonly Placed[] {
    return kind === undefined ? this.all : this.all.filter((each) => each.kind === kind);
  }
}
