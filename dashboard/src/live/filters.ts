/** What a list of executions is narrowed to, as it stands in the URL, and whether an execution belongs to it. */
import type { Execution } from "./execution";

export interface Filters {
  /** Statuses, separated by commas. */
  status?: string;
  /** An image, or the beginning of one with `*` behind it. */
  image?: string;
  /** The id of who asked. */
  by?: string;
  pool?: string;
  /** The earliest time of creation, ISO 8601. */
  since?: string;
  /** Part of an id or image. */
  q?: string;
}

/** Whether the api would list the execution under these filters. */
export function matches(filters: Filters, execution: Execution): boolean {
  const { status, image, by, pool, since, q } = filters;
  if (status && !status.split(",").includes(execution.status)) return false;
  if (image && !isImage(image, execution.image ?? "")) return false;
  if (by && execution.requestedBy?.userId !== by) return false;
  if (pool && execution.pool !== pool) return false;
  if (since && Date.parse(execution.createdAt) < Date.parse(since)) return false;
  return !q || [execution.taskId, execution.image ?? ""].some((text) => text.toLowerCase().includes(q.toLowerCase()));
}

function isImage(pattern: string, image: string): boolean {
  return pattern.endsWith("*") ? image.startsWith(pattern.slice(0, -1)) : image === pattern;
}
