/** Numbers in a row with the sums before each: which entry holds the n-th unit, by bisection. */
export class Sums {
  private values = new Uint32Array(64);
  private before = new Float64Array(65);
  private clean = 0;
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) this.grow();
    this.values[this.length] = value;
    this.length += 1;
  }

  set(index: number, value: number): void {
    if (this.values[index] === value) return;
    this.values[index] = value;
    this.clean = Math.min(this.clean, index);
  }

  value(index: number): number {
    return index < this.length ? (this.values[index] as number) : 0;
  }

  get total(): number {
    return this.sum(this.length);
  }

  /** The sum of all entries before `index`. */
  sum(index: number): number {
    const end = Math.min(index, this.length);
    for (let i = this.clean; i < end; i++) this.before[i + 1] = (this.before[i] as number) + (this.values[i] as number);
    this.clean = Math.max(this.clean, end);
    return this.before[end] as number;
  }

  /** The entry that holds `unit`, counted from 0; the last one for units beyond all. */
  find(unit: number): number {
    this.sum(this.length);
    let low = 0;
    let high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.before[middle] as number) <= unit) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private grow(): void {
    const values = new Uint32Array(this.values.length * 2);
    values.set(this.values);
    const before = new Float64Array(values.length + 1);
    before.set(this.before);
    this.values = values;
    this.before = before;
  }
}
