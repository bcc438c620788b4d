/** The server's clock, from the `Date` of its answers: this computer's may be wrong by hours. */

const SECOND = 1000;

/**
 * Bounds the difference to the server's clock by every answer: `Date` tells the whole second in which it was made, which
 * was between the call and its answer. A clock that was set meanwhile contradicts the bounds, which then begin anew.
 */
export class ServerClock {
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;

  constructor(private readonly local: () => number = Date.now) {}

  /** Takes in the `Date` of an answer to a call that began at `calledAt`, by this computer's clock. */
  heard(date: string | null, calledAt: number): void {
    const told = Date.parse(date ?? "");
    if (Number.isNaN(told)) return;
    const low = told - this.local();
    const high = told + SECOND - calledAt;
    const agrees = low <= this.#high && high >= this.#low;
    this.#low = agrees ? Math.max(low, this.#low) : low;
    this.#high = agrees ? Math.min(high, this.#high) : high;
  }

  /** How far the server's clock is ahead of this computer's, in milliseconds; 0 before anything was heard. */
  get offset(): number {
    if (!Number.isFinite(this.#low)) return 0;
    return this.#low <= 0 && this.#high >= 0 ? 0 : Math.round((this.#low + this.#high) / 2);
  }

  /** The time at the server, in milliseconds since 1970. */
  now(): number {
    return this.local() + this.offset;
  }
}

/** The clock of the server that this page came from. */
export const serverClock = new ServerClock();
