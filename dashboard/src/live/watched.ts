/** Which executions' output is sent to this page: those that somebody on it looks at, each counted. */

/** Tells `change` when the first looks at an execution, and when the last does not any more. */
export class Watched {
  #counts = new Map<string, number>();

  constructor(private readonly change: (event: "watch" | "unwatch", taskId: string) => void) {}

  /** Returns all of them, as a connection begins with. */
  get all(): string[] {
    return [...this.#counts.keys()];
  }

  /** Adds one; returns what takes it away again, once. */
  add(taskId: string): () => void {
    this.#count(taskId, 1);
    let gone = false;
    return () => {
      if (!gone) this.#count(taskId, -1);
      gone = true;
    };
  }

  #count(taskId: string, by: 1 | -1): void {
    const before = this.#counts.get(taskId) ?? 0;
    const count = before + by;
    if (count > 0) this.#counts.set(taskId, count);
    else this.#counts.delete(taskId);
    if (before === 0) this.change("watch", taskId);
    if (count === 0) this.change("unwatch", taskId);
  }
}
