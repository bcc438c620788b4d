/** What stands beside an execution's status: where it waits, which attempt it is, and what ended it. */

import type { Execution } from "../../../live/execution";
import { CODED, code } from "../../../log/characters";

const ALL_CODED = new RegExp(CODED, "gu");

/** Returns it in words; empty where the status says it all. */
export function told(execution: Execution): string {
  const parts = [ofStatus(execution), attempts(execution), ended(execution), execution.error];
  return visible(parts.filter(Boolean).join(" · "));
}

/** Returns text of others with what is invisible, breaks lines or turns text around as its code. */
export function visible(text: string): string {
  return text.replaceAll(/[\t\r\n]+/g, " ").replaceAll(ALL_CODED, code);
}

/** Returns what an execution is called: its image and how its command begins. */
export function nameOf(execution: Pick<Execution, "image" | "command" | "taskId">): string {
  const { image, command, taskId } = execution;
  return visible([image ?? taskId, command].filter(Boolean).join(" · "));
}

function ofStatus({ status, queuePosition, pool, phase }: Execution): string | undefined {
  if (status === "PENDING") {
    const where = pool && pool !== "default" ? ` (pool ${pool})` : "";
    return queuePosition ? `#${queuePosition} in queue${where}` : where.trim();
  }
  return status === "RUNNING" && phase ? { pulling: "pulling the image", starting: "starting" }[phase] : undefined;
}

function attempts({ status, attempt, maxAttempts }: Execution): string | undefined {
  if (status === "UNSTABLE") return `passed on attempt ${attempt}`;
  const which = status === "PENDING" ? attempt + 1 : attempt;
  const most = Math.max(maxAttempts ?? 1, 1);
  return which > 1 ? `attempt ${which}${most >= which ? ` of ${most}` : ""}` : undefined;
}

function ended({ exitCode }: Execution): string | undefined {
  return exitCode ? `exit ${exitCode}` : undefined;
}
