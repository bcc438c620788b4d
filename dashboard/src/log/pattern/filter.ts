/** Tells fast that a line does not match: a deterministic automaton whose states are made when they are reached. */

import type { Program } from "./program";

interface State {
  readonly steps: readonly number[];
  readonly matches: boolean;
  readonly next: (State | undefined)[];
  readonly beyond: Map<number, State>;
}

const MOST_STATES = 1000;
const MOST_BEYOND = 100_000;

/** Takes assertions for true, so that what it lets through has to be looked at. */
export class Filter {
  private states = new Map<string, State>();
  private first: State;
  private beyond = 0;

  constructor(private readonly program: Program) {
    this.first = this.state([0]);
  }

  /** How many states are kept. */
  get size(): number {
    return this.states.size;
  }

  /** Whether there may be a match in the line. */
  passes(line: string): boolean {
    let state = this.first;
    for (let at = 0; at < line.length && !state.matches; at++) {
      const unit = line.charCodeAt(at);
      if (unit < 128) state = state.next[unit] ?? this.reached(state, unit);
      else {
        const character = line.codePointAt(at) as number;
        if (character > 0xffff) at += 1;
        state = state.beyond.get(character) ?? this.reached(state, character);
      }
    }
    return state.matches;
  }

  /** Whether a match that is not empty may begin with this character. */
  begins(character: number): boolean {
    return this.first.steps.some((step) => this.takes(step, character));
  }

  private takes(step: number, character: number): boolean {
    const at = this.program[step];
    return at?.kind === "one" && at.takes(character);
  }

  private reached(from: State, character: number): State {
    const taken = from.steps.filter((step) => this.takes(step, character));
    const state = this.state([...taken.map((step) => step + 1), 0]);
    if (character < 128) from.next[character] = state;
    else this.keepBeyond(from, character, state);
    return state;
  }

  private keepBeyond(from: State, character: number, state: State): void {
    if (this.beyond >= MOST_BEYOND) this.forget();
    this.beyond += 1;
    from.beyond.set(character, state);
  }

  private state(entries: readonly number[]): State {
    const steps = this.closure(entries);
    const name = steps.join();
    const known = this.states.get(name);
    if (known) return known;
    const matches = steps.some((step) => this.program[step]?.kind === "match");
    const made: State = { steps, matches, next: new Array(128), beyond: new Map() };
    if (this.states.size >= MOST_STATES) this.forget();
    this.states.set(name, made);
    return made;
  }

  /** Begins anew; what is under way goes on with the states it holds. */
  private forget(): void {
    this.states = new Map();
    this.beyond = 0;
    this.first = this.state([0]);
  }

  private closure(entries: readonly number[]): number[] {
    const seen = new Set<number>();
    const left = [...entries];
    for (let step = left.pop(); step !== undefined; step = left.pop()) {
      if (seen.has(step)) continue;
      seen.add(step);
      const at = this.program[step];
      if (at?.kind === "go") left.push(...at.to);
      else if (at?.kind === "assertion") left.push(step + 1);
    }
    return [...seen].filter((step) => /one|match/.test(this.program[step]?.kind ?? "")).sort((a, b) => a - b);
  }
}
