/** The list of executions as the api answers it: what has not ended with the newest that have, then page after page. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { serverClock } from "../../api/clock";
import { defined } from "../../api/defined";
import { LIVE, type Status } from "../../live/execution";
import { type ExecutionPage, executionKeys } from "../../live/executions";
import type { Filters } from "../../live/filters";
import { ENDED, listed } from "./filters/statuses";
import { sinceTime } from "./filters/understood";
import { newestFirst } from "./list/sections";

/** So many live ones stand on top; the rest is said, and found by its filter. */
const MOST_LIVE = 200;
/** A page is tried for so often where the api finds nothing in all that one call looks at. */
const TRIES = 5;
/** So many pages are shown at once: all of them are read again with each change. */
export const MOST_PAGES = 20;

export function useExecutions(filters: Filters) {
  return useInfiniteQuery({
    queryKey: executionKeys.list(filters),
    queryFn: ({ pageParam, signal }) =>
      pageParam === undefined ? first(filters, signal) : next(filters, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last, pages) => (pages.length < MOST_PAGES ? (last.nextCursor ?? undefined) : undefined),
  });
}

/** Reads what stands first. Live and ended ones are asked for apart, so that what runs for days is on top as well. */
async function first(filters: Filters, signal: AbortSignal): Promise<ExecutionPage> {
  const [live, ended] = [wanted(filters, LIVE), wanted(filters, ENDED)];
  if (live.length === 0 || ended.length === 0) return next(filters, undefined, signal);
  const [top, below] = await Promise.all([
    page(filters, { status: live, limit: MOST_LIVE }, signal),
    found(filters, ended, undefined, signal),
  ]);
  const known = new Set(top.executions.map((each) => each.taskId));
  const others = below.executions.filter((each) => !known.has(each.taskId));
  return { ...below, executions: [...top.executions, ...others].sort(newestFirst), live: top.live };
}

/** Reads the page behind a cursor: of those that ended where any are asked for. */
function next(filters: Filters, cursor: string | undefined, signal: AbortSignal): Promise<ExecutionPage> {
  const ended = wanted(filters, ENDED);
  return found(filters, ended.length > 0 ? ended : wanted(filters, LIVE), cursor, signal);
}

/** Reads on over pages without any execution, a few times. */
async function found(
  filters: Filters,
  status: Status[],
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<ExecutionPage> {
  let answered = await page(filters, { status, cursor }, signal);
  for (let tries = 1; tries < TRIES && answered.executions.length === 0 && answered.nextCursor; tries += 1) {
    answered = await page(filters, { status, cursor: answered.nextCursor }, signal);
  }
  return answered;
}

function page(
  { by, since, image, pool, q }: Filters,
  own: { status: Status[]; cursor?: string | undefined; limit?: number },
  signal: AbortSignal,
): Promise<ExecutionPage> {
  const from = since === undefined ? undefined : sinceTime(since, serverClock.now());
  const query = defined({ image, pool, q, requestedBy: by, since: from, ...own });
  return answer(api.GET("/api/executions", { params: { query }, signal }));
}

/** Those of `some` that the filter lets through; without one all. */
function wanted(filters: Filters, some: readonly Status[]): Status[] {
  const chosen = listed(filters.status);
  return some.filter((each) => chosen.length === 0 || chosen.includes(each));
}
