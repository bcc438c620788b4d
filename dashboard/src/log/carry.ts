import type { Chunks } from "./chunks";
import { textOf } from "./packed";
import { carried, same } from "./sgr";
import { PLAIN, type SgrState } from "./style";

const BACK = 512;

/** The colours that chunks begin with: carried over lines and chunks as in a terminal, forgotten over a gap. */
export class Carry {
  private readonly begins = new Map<number, SgrState>();
  private readonly within = new Map<number, SgrState[]>();
  /** What a chunk made of the state that it began with: its text never changes. */
  private readonly ends = new Map<number, { from: SgrState; to: SgrState }>();

  constructor(private readonly chunks: Chunks) {}

  /** Text came or went before this chunk: what it and those behind it begin with is looked up again. */
  forget(): void {
    this.begins.clear();
    this.within.clear();
  }

  /** The state that a line of a loaded chunk begins with. */
  at(index: number, line: number, lines: readonly string[]): SgrState {
    const begin = this.begin(index);
    if (!this.chunks.text(index)?.escapes) return begin;
    const states = this.statesOf(index, begin);
    for (let i = states.length; i <= line; i++) {
      states.push(carried(lines[i - 1] as string, states[i - 1] as SgrState));
    }
    return states[line] as SgrState;
  }

  private statesOf(index: number, begin: SgrState): SgrState[] {
    const known = this.within.get(index);
    if (known) return known;
    const states = [begin];
    this.within.set(index, states);
    if (this.within.size > 64) this.within.delete(this.within.keys().next().value as number);
    return states;
  }

  private begin(index: number): SgrState {
    const known = this.begins.get(index);
    if (known) return known;
    let first = index;
    for (let looked = 0; looked < BACK && !this.begins.has(first) && this.chunks.text(first - 1); ) {
      first -= 1;
      if (this.chunks.text(first)?.escapes) looked += 1;
    }
    let state = this.begins.get(first) ?? PLAIN;
    for (; first < index; first++) state = this.after(first, state);
    this.begins.set(index, state);
    return state;
  }

  private after(index: number, state: SgrState): SgrState {
    const packed = this.chunks.text(index);
    if (!packed?.escapes) return state;
    const known = this.ends.get(index);
    if (known && same(known.from, state)) return known.to;
    const to = carried(textOf(packed), state);
    this.ends.set(index, { from: state, to });
    return to;
  }
}
