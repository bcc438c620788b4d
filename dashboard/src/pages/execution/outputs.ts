/** The outputs of one execution's attempts that were looked at: they go on while another one is. */
import { link } from "../../live/link";
import { onWake } from "../../live/wake";
import { AttemptOutput } from "./attempt-output";

/** Those that were looked at last stay; each may hold 64 MB of text. */
const MOST = 3;

export class Outputs {
  private held = new Map<number, AttemptOutput>();

  constructor(private readonly taskId: string) {}

  /** Follows the link until what it returns is called, which forgets all output. */
  follow(): () => void {
    const { taskId } = this;
    const stops = [
      link.on("execution-log", (event) => this.each((output) => output.log(event))),
      link.on("resync", (event) => this.each((output) => output.resync(event.taskId))),
      link.onJoined((recovered) => this.each((output) => output.joined(recovered))),
      onWake(() => this.each((output) => output.online())),
      link.watch(taskId),
    ];
    return () => {
      for (const stop of stops) stop();
      for (const each of this.held.values()) each.close();
      this.held.clear();
    };
  }

  /** Returns an attempt's output, begun where that is what one looks at first: its end, or a line. */
  of(attempt: number, line: number | null): AttemptOutput {
    const found =
      this.held.get(attempt) ?? new AttemptOutput(this.taskId, attempt, link, line === null ? "end" : { line });
    this.held.delete(attempt);
    this.held.set(attempt, found);
    this.forget();
    return found;
  }

  private each(work: (output: AttemptOutput["output"]) => void): void {
    for (const { output } of this.held.values()) work(output);
  }

  private forget(): void {
    for (const [attempt, each] of this.held) {
      if (this.held.size <= MOST) return;
      each.close();
      this.held.delete(attempt);
    }
  }
}
