/** What is said of an attempt's output: at its foot, and where there is none yet. */
import type { Execution } from "../../live/execution";
import type { OutputPhase } from "../../live/output";
import type { OutputEnd } from "../../live/wire";

export interface OutputFacts {
  phase: OutputPhase;
  level: boolean;
  behind: number;
  error: string | null;
  complete: boolean | null;
  end: OutputEnd | null;
  isEmpty: boolean;
}

export function sameFacts(one: OutputFacts, other: OutputFacts): boolean {
  return (Object.keys(one) as (keyof OutputFacts)[]).every((name) => one[name] === other[name]);
}

/** Says how complete the output is; `lines` counts it in words, "1 line". */
export function footWords(facts: OutputFacts, lines: string, isOffline: boolean): string {
  const { phase, end, complete, error } = facts;
  if (phase === "gone") return `Deleted: ${lines} were here`;
  if (isOffline && complete !== true) return `○ offline · ${lines} so far`;
  if (error && !facts.level) return `◐ ${error}; trying again · ${lines}`;
  if (phase === "opening") return "◌ opening";
  if (!facts.level) return `◐ catching up · ${lines}`;
  if (phase === "live") return `● live · ${lines}`;
  if (!end) return `Ended; completeness was not recorded · ${lines}`;
  if (complete === false) return `✗ Incomplete: ${lines} are here, and ${told(end)} were recorded`;
  return `✓ Complete: ${lines}, ${size(end.bytes)}, SHA-256 ${end.sha256.slice(0, 8)}…`;
}

/** Says why there is no output yet. */
export function waitingWords(execution: Execution, isOver: boolean): string {
  if (isOver) return "It wrote nothing";
  if (execution.status === "PENDING") {
    const pool = `pool ${execution.pool}`;
    return execution.queuePosition ? `#${execution.queuePosition} in queue (${pool})` : `In queue (${pool})`;
  }
  if (execution.phase === "pulling") return `Pulling ${execution.image ?? "the image"}`;
  return execution.phase === "starting" ? "Starting" : "It has written nothing yet";
}

/** Bytes as people read them, "25.0 MB". */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function told({ lines, lastSeq }: OutputEnd): string {
  return lines === undefined ? `${lastSeq} chunks` : lines.toLocaleString("en");
}
