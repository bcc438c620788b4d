/** The output of one attempt on this page: what is read of it, the text of it, and what is said of both. */
import { read } from "../../api/client";
import type { link as Link } from "../../live/link";
import { Listeners } from "../../live/listeners";
import { Output } from "../../live/output";
import { Outwards } from "../../live/outwards";
import { type Verdict, verify } from "../../live/proof";
import { isSearchable, searchUnloaded } from "../../live/search";
import type { AttemptKey, OutputEnd } from "../../live/wire";
import { Chunks } from "../../log/chunks";
import type { Elsewhere } from "../../log/finder";
import { type OutputFacts, sameFacts } from "./output-words";

/** Reads from when it is made until it is closed. */
export class AttemptOutput {
  readonly chunks = new Chunks();
  readonly output: Output;
  /** What is known of it; another object with each change of that. */
  facts: OutputFacts;
  private readonly changes = new Listeners<[]>();
  private readonly closing = new AbortController();
  private readonly name: string;
  private readonly key: AttemptKey;
  private linesBefore: number | null = null;
  private readonly outwards: Outwards;

  constructor(
    taskId: string,
    readonly attempt: number,
    private readonly link: Pick<typeof Link, "due" | "level">,
    at: "end" | { readonly line: number },
  ) {
    this.name = `${taskId} ${attempt}`;
    this.key = { taskId, attempt };
    this.output = new Output({
      key: this.key,
      read,
      sink: this.chunks,
      changed: () => this.changed(),
    });
    this.facts = this.look();
    this.chunks.need = (from, to) => this.output.need(from, to);
    this.outwards = new Outwards(this.chunks, (from, to) => this.output.need(from, to));
    this.chunks.listen(() => this.changed());
    void this.output.open(at).then(() => this.outwards.next());
  }

  readonly subscribe = (listener: () => void): (() => void) => this.changes.add(listener);

  /** It writes nothing any more; null where what it wrote was not recorded. */
  ended(end: OutputEnd | null): void {
    this.output.ended(end);
    this.changed();
  }

  /** Compares all of it with what its runner recorded. Raises what reading raises. */
  verify(progress: (share: number) => void): Promise<Verdict> {
    const { end } = this.output;
    if (!end) return Promise.resolve({ verdict: "unknown", reason: "Nothing was recorded to compare it with." });
    return verify({
      end,
      here: (seq) => this.chunks.text(seq - 1)?.bytes,
      read: (after, limit) => this.output.after(after, limit),
      signal: this.closing.signal,
      progress,
    });
  }

  /** Has the server search what is not loaded, where it can. */
  readonly searchElsewhere: Elsewhere = async (search, query, signal) => {
    if (isSearchable(query)) await searchUnloaded(search, query.text, { key: this.key, read, signal });
  };

  close(): void {
    this.closing.abort();
    this.outwards.close();
    this.output.close();
    if (this.linesBefore !== null) this.link.level(this.name, 0);
  }

  private look(): OutputFacts {
    const { phase, level, behind, error, complete, end } = this.output;
    return { phase, level, behind, error, complete, end, isEmpty: this.chunks.lineCount === 0 };
  }

  private changed(): void {
    if (this.closing.signal.aborted) return;
    const facts = this.look();
    if (sameFacts(facts, this.facts)) return;
    this.facts = facts;
    this.tellLink();
    this.changes.call();
  }

  /** The link says that it catches up while this does, and afterwards how many lines that were. */
  private tellLink(): void {
    const { phase, level, behind } = this.facts;
    const lines = this.output.lines ?? 0;
    if (phase === "opening") return;
    if (level || phase === "gone") {
      if (this.linesBefore !== null) this.link.level(this.name, lines - this.linesBefore);
      this.linesBefore = null;
    } else {
      this.linesBefore ??= lines;
      this.link.due(this.name, behind);
    }
  }
}
