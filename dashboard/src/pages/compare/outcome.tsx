/** How one of two attempts ended: `✗ attempt 1 · exit 1 · 2:10 · 12,482 lines`. */
import { duration } from "../../ui/duration";
import { statusWords } from "../../ui/status";
import type { Attempt } from "../execution/attempts";

export function Outcome({ attempt, lines }: { attempt: Attempt; lines?: number }) {
  const { number, status, exitCode, startedAt, endedAt } = attempt;
  const { glyph, word, tone } = status ? statusWords(status) : { glyph: "↩", word: "Handed back", tone: "muted" };
  const told = [
    `attempt ${number}`,
    exitCode !== undefined && `exit ${exitCode}`,
    startedAt && endedAt && duration(Date.parse(endedAt) - Date.parse(startedAt)),
    lines !== undefined && (lines === 1 ? "1 line" : `${lines.toLocaleString("en")} lines`),
  ].filter(Boolean);
  return (
    <h2 className="status" data-tone={tone}>
      <span aria-hidden="true">{glyph}</span> {word} · {told.join(" · ")}
    </h2>
  );
}
