/** Where in the form stands what the api refused. */
import type { Fault } from "../../api/problem";
import type { Draft } from "./draft";

type Field = keyof Draft;

/** Where a field of the body is in the form; longer names first. */
const PLACES: readonly (readonly [name: string, field: Field])[] = [
  ["config.envVars", "variables"],
  ["config.secrets", "variables"],
  ["config.timeoutSeconds", "timeout"],
  ["config.retryAttempts", "retries"],
  ["config.retryOnLoss", "retryOnLoss"],
  ["config.pool", "pool"],
  ["config.priority", "priority"],
  ["config.resources.memoryMb", "memory"],
  ["config.resources.cpus", "cpus"],
  ["config.baseUrl", "baseUrl"],
  ["image", "image"],
  ["command", "command"],
  ["folder", "folder"],
  ["tests", "tests"],
];

export type Faults = { [Name in Field]?: string };

/** Returns the problems by field of the form, and the text of those that belong to none. */
export function placed(faults: readonly Fault[]): { byField: Faults; others: string } {
  const byField: Faults = {};
  const others: string[] = [];
  const said = new Set<string>();
  for (const { field, problem } of faults) {
    const [name, place] = PLACES.find(([each]) => field === each || field.startsWith(`${each}.`)) ?? [];
    if (!name || !place) others.push(`${field}: ${problem}`);
    else byField[place] = joined(byField[place], partOf(field.slice(name.length + 1)), problem, said);
  }
  return { byField, others: others.join("; ") };
}

/** Names which of several it is about, such as a variable. What kind of value it was tried as tells nobody anything. */
function partOf(rest: string): string {
  return rest.replace(/\.?(\[key\]|str|int|float|bool|Flagged|constrained-str|list\[.*)$/, "");
}

/** A value that is refused as each of several kinds is said once: by the first. */
function joined(before: string | undefined, part: string, problem: string, said: Set<string>): string {
  if (before && said.has(part)) return before;
  said.add(part);
  return [before, part ? `${part}: ${problem}` : problem].filter(Boolean).join("; ");
}
