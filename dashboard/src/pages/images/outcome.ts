/** How executions ended, in words and figures, and how that is beside the period before. */
import type { components } from "../../api/schema";

export type Counts = components["schemas"]["StatusCounts"];
type Outcome = components["schemas"]["PeriodOutcome"];

/** Those that failed, however: also those that broke or took too long. */
export function failedOf(counts: Counts): number {
  return counts.FAILED + counts.ERROR + counts.TIMED_OUT;
}

/** Returns "94 %", and "100 %" only where it is all of them; "none" where nothing was judged. */
export function rateWords(rate: number | undefined): string {
  return rate === undefined ? "none" : `${percent(rate)} %`;
}

function percent(rate: number): number {
  const rounded = Math.round(rate * 100);
  if (rate < 1 && rounded === 100) return 99;
  return rate > 0 && rounded === 0 ? 1 : rounded;
}

/** A difference to the period before. */
export interface Change {
  text: string;
  /** Read out, and shown as its title. */
  words: string;
  tone: "green" | "red" | "muted";
}

/** Returns by how many points the pass rate is other than before; undefined where one of them is not known. */
export function rateChange({ passRate: now }: Outcome, { passRate: before }: Outcome): Change | undefined {
  if (now === undefined || before === undefined) return undefined;
  const by = Math.round((now - before) * 100);
  return changed(by, `${Math.abs(by)}`, `${Math.abs(by)} points`, ["higher", "lower"], by > 0);
}

/** Returns by how many per cent a duration is other than before; undefined where one of them is not known. */
export function durationChange(now: number | undefined, before: number | undefined): Change | undefined {
  if (now === undefined || !before) return undefined;
  const by = Math.round((now / before - 1) * 100);
  return changed(by, `${Math.abs(by)} %`, `${Math.abs(by)} %`, ["longer", "shorter"], by < 0);
}

function changed(by: number, text: string, words: string, [more, less]: [string, string], isGood: boolean): Change {
  const than = "than in the period before";
  if (by === 0) return { text: "=", words: `the same as in the period before`, tone: "muted" };
  const glyph = by > 0 ? "▲" : "▼";
  return {
    text: `${glyph} ${text}`,
    words: `${words} ${by > 0 ? more : less} ${than}`,
    tone: isGood ? "green" : "red",
  };
}
