/** A state of an execution: always glyph, word and colour. */
import "./status.css";

const SHOWN: Record<string, [glyph: string, word: string, tone: string]> = {
  PENDING: ["◔", "Waiting", "muted"],
  RUNNING: ["◐", "Running", "accent"],
  ANALYZING: ["◑", "Analyzing", "accent"],
  PASSED: ["✓", "Passed", "green"],
  FAILED: ["✗", "Failed", "red"],
  UNSTABLE: ["!", "Unstable", "yellow"],
  ERROR: ["‼", "Error", "red"],
  CANCELLED: ["⊘", "Cancelled", "muted"],
  TIMED_OUT: ["⧖", "Timed out", "yellow"],
};

/** Returns the glyph and the word of a status; one of a later version is shown as it is called. */
export function statusWords(status: string): { glyph: string; word: string; tone: string } {
  const [glyph, word, tone] = SHOWN[status] ?? ["·", status, "muted"];
  return { glyph, word, tone };
}

/** Shows a status; `word` says more than its own where there is more to say ("Cancelling"). */
export function Status({ status, word }: { status: string; word?: string | undefined }) {
  const shown = statusWords(status);
  return (
    <span className="status" data-tone={shown.tone}>
      <span className="status-glyph" aria-hidden="true">
        {shown.glyph}
      </span>
      {word ?? shown.word}
    </span>
  );
}
