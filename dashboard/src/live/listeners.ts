/** Those who are called back: each of them, also where one fails. */

export class Listeners<Arguments extends unknown[]> {
  #all = new Set<(...given: Arguments) => void>();

  /** Adds one; returns what takes it away again. */
  add(listener: (...given: Arguments) => void): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  call(...given: Arguments): void {
    for (const listener of [...this.#all]) {
      try {
        listener(...given);
      } catch (error) {
        console.error("A listener failed", error);
      }
    }
  }
}
