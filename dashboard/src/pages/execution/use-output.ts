/** An attempt's output in components: opened when it is looked at first, and told when the attempt is over. */
import { useEffect, useState, useSyncExternalStore } from "react";
import type { AttemptOutput } from "./attempt-output";
import type { Attempt } from "./attempts";
import type { OutputFacts } from "./output-words";
import type { Outputs } from "./outputs";

/** Returns null until it is opened; `line` is where it is opened first. */
export function useOutput(outputs: Outputs, attempt: Attempt, line: number | null): AttemptOutput | null {
  const [held, setHeld] = useState<AttemptOutput | null>(null);
  const { number, isOver, end } = attempt;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a line that is marked later is gone to by the view
  useEffect(() => setHeld(outputs.of(number, line)), [outputs, number]);
  const sha256 = end?.sha256;
  // biome-ignore lint/correctness/useExhaustiveDependencies: one end is told from another by its hash
  useEffect(() => {
    if (isOver && held?.attempt === number) held.ended(end);
  }, [held, number, isOver, sha256]);
  return held?.attempt === number ? held : null;
}

export function useFacts(held: AttemptOutput): OutputFacts {
  return useSyncExternalStore(held.subscribe, () => held.facts);
}
