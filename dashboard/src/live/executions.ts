/** States that the gateway relays, into what the page read before: lists and details in the query cache, by `rev`. */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { components } from "../api/schema";
import { type Execution, isLive, isNewer, updated } from "./execution";
import { type Filters, matches } from "./filters";
import type { Link } from "./link";
import { onWake } from "./wake";

/** A page of the list, as the api answers it. */
export type ExecutionPage = components["schemas"]["ExecutionPage"];

type List = InfiniteData<ExecutionPage, string | undefined>;

/** The keys of what is read about executions. A list's data are pages, as of `useInfiniteQuery`. */
export const executionKeys = {
  lists: ["executions"] as const,
  list: (filters: Filters) => ["executions", filters] as const,
  one: (taskId: string) => ["execution", taskId] as const,
};

/** Lists are read again so long after a change, at most once within it: counts and order are the api's to say. */
const AGAIN_MS = 2000;

/** Keeps the cache level with the link until what it returns is called. */
export function keepLevel(client: QueryClient, link: Pick<Link, "on" | "onJoined">): () => void {
  const soon = new Soon(() => client.invalidateQueries({ queryKey: executionKeys.lists }), AGAIN_MS);
  const stops = [
    link.on("execution-updated", (state) => {
      bring(client, state as Execution);
      soon.call();
    }),
    link.on("resync", ({ taskId }) => {
      if (taskId === undefined) readAgain(client);
      else client.invalidateQueries({ queryKey: executionKeys.one(taskId) }, { cancelRefetch: false });
      soon.call();
    }),
    link.onJoined((recovered) => recovered || readAgain(client)),
    onWake(() => readAgain(client)),
    () => soon.stop(),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Reads again whatever the page shows of executions. */
export function readAgain(client: QueryClient): void {
  client.invalidateQueries({ queryKey: executionKeys.lists });
  client.invalidateQueries({ queryKey: ["execution"] });
}

/** Puts one state wherever its execution is shown, or where it is new, into the lists that it belongs to. */
export function bring(client: QueryClient, state: Execution): void {
  const key = executionKeys.one(state.taskId);
  const known = client.getQueryData<Execution>(key);
  if (known && isNewer(state, known)) {
    client.setQueryData(key, updated(known, state));
    if (!isLive(state) || state.attempt !== known.attempt) client.invalidateQueries({ queryKey: key });
  }
  for (const [listKey, list] of client.getQueriesData<List>({ queryKey: executionKeys.lists })) {
    if (list) client.setQueryData(listKey, inList(list, state, listKey[1] as Filters));
  }
}

/** Takes an execution that was deleted out of every list. */
export function forget(client: QueryClient, taskId: string): void {
  for (const [listKey, list] of client.getQueriesData<List>({ queryKey: executionKeys.lists })) {
    if (list) client.setQueryData(listKey, without(list, taskId));
  }
}

function without(list: List, taskId: string): List {
  const left = (page: ExecutionPage) => ({
    ...page,
    executions: page.executions.filter((each) => each.taskId !== taskId),
  });
  return { ...list, pages: list.pages.map(left) };
}

/** Returns the list with the state in it; the very same list where that changes nothing. */
export function inList(list: List, state: Execution, filters: Filters): List {
  const place = list.pages.findIndex((page) => page.executions.some((each) => each.taskId === state.taskId));
  if (place < 0) return matches(filters, state) ? withNew(list, state) : list;
  let changed = false;
  const pages = list.pages.map((page, index) => {
    if (index !== place) return page;
    const executions = page.executions.map((each) => {
      if (each.taskId !== state.taskId || !isNewer(state, each)) return each;
      changed = true;
      return updated(each, state);
    });
    return { ...page, executions };
  });
  return changed ? { ...list, pages } : list;
}

/** Only what is newer than the list's first row goes on top; of older rows the api says where they stand. */
function withNew(list: List, state: Execution): List {
  const [first, ...rest] = list.pages;
  const newest = first?.executions[0];
  if (!first || (newest && Date.parse(state.createdAt) < Date.parse(newest.createdAt))) return list;
  return { ...list, pages: [{ ...first, executions: [state, ...first.executions] }, ...rest] };
}

/** Calls once, some time after it was last asked for, however often it is. */
class Soon {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly work: () => unknown,
    private readonly afterMs: number,
  ) {}

  call(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.work();
    }, this.afterMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
