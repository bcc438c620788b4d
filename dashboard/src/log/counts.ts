import { Sums } from "./sums";

/** How many lines each chunk has; where that is not known yet, a guess that the number of a later line may correct. */
export class Counts {
  private readonly sums = new Sums();
  private readonly guessed = new Set<number>();
  private readonly placed = new Map<number, number>();

  get length(): number {
    return this.sums.length;
  }

  get total(): number {
    return this.sums.total;
  }

  /** The lines before a chunk. */
  before(index: number): number {
    return this.sums.sum(index);
  }

  of(index: number): number {
    return this.sums.value(index);
  }

  /** The chunk that holds a line. */
  find(line: number): number {
    return this.sums.find(line);
  }

  /** Adds a chunk at the end; returns the lines it counts for now. */
  append(count: number | null): number {
    if (count === null) this.guessed.add(this.length);
    const lines = count ?? this.mean();
    this.sums.push(lines);
    return lines;
  }

  /** The true number of lines of a chunk. Tells whether later lines moved. */
  set(index: number, count: number): boolean {
    const moved = this.of(index) !== count;
    this.guessed.delete(index);
    this.sums.set(index, count);
    return moved && !this.realign(index);
  }

  /** The lines before a chunk, as the store numbers them: corrects the guesses right before it. Tells whether lines moved. */
  place(index: number, before: number): boolean {
    if (this.guessed.size === 0) return false;
    this.placed.set(index, before);
    return this.align(index, before);
  }

  /** Whether the lines of this chunk have their true numbers. */
  numbered(index: number): boolean {
    let last = -1;
    for (const guess of this.guessed) if (guess < index && guess > last) last = guess;
    if (last < 0) return true;
    for (const place of this.placed.keys()) if (place > last && place <= index) return true;
    return false;
  }

  private mean(): number {
    return this.length === 0 ? 1 : Math.max(1, Math.round(this.total / this.length));
  }

  private realign(index: number): boolean {
    let next = index + 1;
    while (this.guessed.has(next)) next += 1;
    const before = this.placed.get(next);
    return before !== undefined && next > index + 1 && this.align(next, before);
  }

  private align(index: number, before: number): boolean {
    let first = index;
    while (this.guessed.has(first - 1)) first -= 1;
    const size = index - first;
    const lines = before - this.before(first);
    if (size === 0 || lines < size || before === this.before(index)) return false;
    for (let offset = 0; offset < size; offset++) {
      this.sums.set(first + offset, Math.floor(((offset + 1) * lines) / size) - Math.floor((offset * lines) / size));
    }
    return true;
  }
}
