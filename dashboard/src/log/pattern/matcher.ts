/** Finds a pattern's matches in a line by following all its threads at once (Pike): the time is linear in the line. */

import { Filter } from "./filter";
import { compiled, type Program } from "./program";
import { type Assertion, PatternError, parsed } from "./syntax";

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What one line may take: about a tenth of a second. */
const MOST_STEPS = 10_000_000;

/** Threads in the order of preference: where each is in the program, and where its match began. */
class Threads {
  readonly steps: Int32Array;
  readonly starts: Int32Array;
  count = 0;
  private readonly seen: Int32Array;
  private turn = 1;

  constructor(size: number) {
    this.steps = new Int32Array(size);
    this.starts = new Int32Array(size);
    this.seen = new Int32Array(size);
  }

  clear(): void {
    this.count = 0;
    this.turn += 1;
  }

  isNew(step: number): boolean {
    if (this.seen[step] === this.turn) return false;
    this.seen[step] = this.turn;
    return true;
  }

  push(step: number, start: number): void {
    this.steps[this.count] = step;
    this.starts[this.count] = start;
    this.count += 1;
  }
}

/**
 * A pattern in JavaScript's syntax; the matches are those that JavaScript would find, but where something is repeated
 * that may be empty: JavaScript then tries what is less preferred, too.
 */
export class Matcher {
  private readonly program: Program;
  private readonly filter: Filter;
  private now: Threads;
  private later: Threads;
  private taken = 0;

  /** Raises `PatternError`. */
  constructor(source: string, ignoreCase: boolean) {
    this.program = compiled(parsed(source, ignoreCase));
    this.filter = new Filter(this.program);
    this.now = new Threads(this.program.length);
    this.later = new Threads(this.program.length);
  }

  /** All matches that are not empty, none over another. Raises `PatternError` for a line that takes too long. */
  matches(line: string): Range[] {
    const found: Range[] = [];
    if (!this.filter.passes(line)) return found;
    this.taken = 0;
    for (let at = 0; at <= line.length; ) {
      const match = this.first(line, at);
      if (!match) break;
      if (match.end > match.start) found.push(match);
      at = Math.max(match.end, match.start + width(line, match.start));
    }
    return found;
  }

  private first(line: string, from: number): Range | null {
    let best: Range | null = null;
    this.now.clear();
    for (let at = from; at <= line.length; at += width(line, at)) {
      if (!best && this.now.count === 0) at = this.begin(line, at);
      if (!best) this.follow(this.now, 0, at, line, at);
      if (this.now.count === 0 && best) break;
      best = this.step(line, at) ?? best;
    }
    return best;
  }

  /** The first place from here where a match may begin that is not empty. */
  private begin(line: string, from: number): number {
    let at = from;
    while (at < line.length && !this.filter.begins(line.codePointAt(at) as number)) at += width(line, at);
    return at;
  }

  /** Takes the character at this place; returns the match that ends before it. */
  private step(line: string, at: number): Range | null {
    const character = line.codePointAt(at) ?? -1;
    const next = at + width(line, at);
    let match: Range | null = null;
    this.later.clear();
    this.spend(this.now.count + 1);
    for (let thread = 0; thread < this.now.count && !match; thread++) {
      const place = this.now.steps[thread] as number;
      const start = this.now.starts[thread] as number;
      const step = this.program[place];
      if (step?.kind === "match") match = { start, end: at };
      else if (step?.kind === "one" && character >= 0 && step.takes(character)) {
        this.follow(this.later, place + 1, start, line, next);
      }
    }
    [this.now, this.later] = [this.later, this.now];
    return match;
  }

  /** Adds the steps that are reached from one without taking a character. */
  private follow(threads: Threads, place: number, start: number, line: string, at: number): void {
    const left = [place];
    for (let step = left.pop(); step !== undefined; step = left.pop()) {
      if (!threads.isNew(step)) continue;
      this.spend(1);
      const next = this.program[step];
      if (next?.kind === "go") for (let to = next.to.length - 1; to >= 0; to--) left.push(next.to[to] as number);
      else if (next?.kind !== "assertion") threads.push(step, start);
      else if (holds(next.assertion, line, at)) left.push(step + 1);
    }
  }

  private spend(steps: number): void {
    this.taken += steps;
    if (this.taken > MOST_STEPS) {
      throw new PatternError("This pattern takes too long on a long line here. Make it simpler or more exact.");
    }
  }
}

function width(line: string, at: number): number {
  return (line.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function holds(assertion: Assertion, line: string, at: number): boolean {
  if (assertion === "begin") return at === 0;
  if (assertion === "end") return at === line.length;
  const boundary = isWord(line.charCodeAt(at - 1)) !== isWord(line.charCodeAt(at));
  return boundary === (assertion === "boundary");
}

function isWord(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || unit === 95 || (unit >= 97 && unit <= 122);
}
