import type { HoleState, OutputChunk, OutputSink } from "../../../src/log/sink";

export const KEY = { taskId: "t/1", attempt: 2 };
export const log = (seq: number) => Array.from({ length: (seq % 3) + 1 }, (_, line) => `${seq}.${line} ä`).join("\n");
export const wire = (seq: number) => ({ ...KEY, seq, log: log(seq), ts: seq, firstLine: 1 });

/** Answers as the api does, with pages of at most `pageSize` chunks and indexes of at most `indexSize` counts. */
export class Api {
  asked: string[] = [];
  /** Raised by each read while it is set. */
  failure: Error | null = null;
  /** What the store lost. */
  absent = new Set<number>();
  uncounted = new Set<number>();
  pageSize = 4;
  indexSize = 1000;
  strange: unknown = null;

  constructor(public stored: number) {}

  read = async (path: string, query: Readonly<Record<string, string>>): Promise<unknown> => {
    const { attempt, ...rest } = query;
    this.asked.push(`${path.replace("/api/executions/t%2F1/logs", "")}?${new URLSearchParams(rest)}`);
    if (attempt !== "2") throw new Error(`attempt ${attempt} was asked for`);
    if (this.failure) throw this.failure;
    if (this.strange) return this.strange;
    return path.endsWith("/index") ? this.index(Number(query.after)) : this.page(query);
  };

  private index(after: number): unknown {
    const all = this.seqs(after, Math.min(this.stored, after + this.indexSize));
    const seqs = all.filter((seq, index) => seq === after + index + 1);
    const counts = seqs.map((seq) => (this.uncounted.has(seq) ? null : log(seq).split("\n").length));
    return { ...KEY, counts, after: after + counts.length, more: seqs.length === this.indexSize };
  }

  private page(query: Readonly<Record<string, string>>): unknown {
    const size = Math.min(Number(query.limit), this.pageSize);
    const after = query.before === "" ? Math.max(0, this.stored - size) : Number(query.after ?? 0);
    const chunks = this.seqs(after, this.stored).slice(0, size).map(wire);
    const last = chunks.at(-1)?.seq ?? after;
    return { ...KEY, chunks, after: last, more: last < this.stored };
  }

  private seqs(after: number, last: number): number[] {
    const all = Array.from({ length: Math.max(0, last - after) }, (_, index) => after + index + 1);
    return all.filter((seq) => !this.absent.has(seq));
  }
}

/** Keeps what it is told. */
export class Sink implements OutputSink {
  counts: (number | null)[] = [];
  texts = new Map<number, string>();
  holes = new Map<number, HoleState>();

  known(afterSeq: number, counts: readonly (number | null)[]): void {
    counts.forEach((count, index) => {
      this.counts[afterSeq + index] = count;
    });
  }

  add(chunk: OutputChunk): void {
    this.holes.delete(chunk.seq);
    this.texts.set(chunk.seq, chunk.log);
  }

  hole(fromSeq: number, toSeq: number, state: HoleState): void {
    for (let seq = fromSeq; seq <= toSeq; seq++) if (!this.texts.has(seq)) this.holes.set(seq, state);
  }

  get seqs(): number[] {
    return [...this.texts.keys()].sort((one, other) => one - other);
  }

  get failed(): string[] {
    return Array.from(this.holes, ([seq, state]) => `${seq} ${state.kind === "failed" ? state.error : state.kind}`);
  }
}

/** Waits that end when they are told to, or aborted. */
export class Waits {
  lengths: number[] = [];
  private open: (() => void)[] = [];

  wait = (milliseconds: number, signal: AbortSignal): Promise<void> => {
    this.lengths.push(milliseconds);
    return new Promise((resolve) => {
      this.open.push(resolve);
      signal.addEventListener("abort", () => resolve());
    });
  };

  end(): void {
    for (const resolve of this.open.splice(0)) resolve();
  }
}
