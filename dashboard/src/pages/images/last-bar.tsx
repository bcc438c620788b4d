/** How the last executions ended, the newest at the right: told apart by height as well as by colour. */
import type { components } from "../../api/schema";
import { statusWords } from "../../ui/status";

type End = components["schemas"]["ImageEnd"];

export function LastBar({ last }: { last: readonly End[] }) {
  return (
    <span className="last-bar" role="img" aria-label={wordsOf(last)} title={wordsOf(last)}>
      {last.toReversed().map((end) => (
        <span key={end.taskId} data-tone={statusWords(end.status).tone} />
      ))}
    </span>
  );
}

/** Returns "of the last 20: 18 passed, 2 failed". */
export function wordsOf(last: readonly End[]): string {
  const counts = new Map<string, number>();
  for (const { status } of last) {
    const word = statusWords(status).word.toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return `of the last ${last.length}: ${[...counts].map(([word, count]) => `${count} ${word}`).join(", ")}`;
}
