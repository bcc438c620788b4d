/** What is done to executions from the list: each says so when it is done, and can be tried again where it failed. */
import { useMutation, useMutationState, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "../../../api/problem";
import { type Execution, isLive } from "../../../live/execution";
import { cancel, newTaskId, remove, rerun } from "../../../live/execution-calls";
import { toasts } from "../../../ui/toasts";
import { useReason } from "../../acting/use-reason";
import { nameOf } from "../list/told";

export type ActionName = "cancel" | "rerun" | "delete";

export interface Actions {
  /** Does it at once; `asked` is for what was asked before. */
  act: (name: ActionName, execution: Execution) => void;
  /** Why it cannot be done; undefined where it can. */
  reason: (name: ActionName, execution: Execution) => string | undefined;
}

interface Doing {
  name: ActionName;
  execution: Execution;
  /** The id of what a rerun makes: the same however often it is tried. */
  as: string;
}

const KEY = ["act"];
const DONE: Record<ActionName, string> = { cancel: "Cancelling", rerun: "Requested again", delete: "Deleted" };
const FAILED: Record<ActionName, string> = {
  cancel: "could not be cancelled",
  rerun: "could not be run again",
  delete: "could not be deleted",
};

export function useActions(): Actions {
  const client = useQueryClient();
  const why = useReason("developer");
  const doing = useMutation({
    mutationKey: KEY,
    mutationFn: ({ name, execution: { taskId }, as }: Doing): Promise<unknown> => {
      if (name === "rerun") return rerun(client, taskId, as);
      return name === "cancel" ? cancel(client, taskId) : remove(client, taskId);
    },
    onSuccess: (_, { name, execution }) => toasts.done(`${DONE[name]}: ${nameOf(execution)}`),
    onError: (error, what) =>
      toasts.failed(`${nameOf(what.execution)} ${FAILED[what.name]}`, {
        small: smallOf(error),
        again: () => doing.mutate(what),
      }),
  });
  return {
    act: (name, execution) => doing.mutate({ name, execution, as: newTaskId() }),
    reason: (name, execution) => why ?? unfit(name, execution),
  };
}

/** Returns what tells whether an execution was cancelled here, and has not ended yet. */
export function useCancelling(): (execution: Execution) => boolean {
  const asked = useAsked("cancel", ["pending", "success"]);
  return (execution) => isLive(execution) && asked.has(keyOf(execution));
}

/** Returns what tells whether an execution was deleted here. */
export function useDeleted(): (execution: Execution) => boolean {
  const asked = useAsked("delete", ["success"]);
  return (execution) => asked.has(keyOf(execution));
}

function useAsked(name: ActionName, statuses: readonly string[]): ReadonlySet<string> {
  const asked = useMutationState({
    filters: { mutationKey: KEY, predicate: ({ state }) => statuses.includes(state.status) },
    select: ({ state }) => state.variables as Doing,
  });
  return new Set(asked.filter((each) => each.name === name).map(({ execution }) => keyOf(execution)));
}

function keyOf({ taskId, createdAt }: Execution): string {
  return `${taskId} ${createdAt}`;
}

function unfit(name: ActionName, execution: Execution): string | undefined {
  if (name === "cancel") return isLive(execution) ? undefined : "It has ended already";
  if (name === "delete" && isLive(execution)) return "It has not ended: cancel it first";
  return execution.source === "external" && name === "rerun" ? "A worker reported it: there is no request" : undefined;
}

function smallOf(error: Error): string {
  if (!(error instanceof ApiError)) return String(error);
  return `${error.message} (${error.code}${error.requestId ? `, request ${error.requestId}` : ""})`;
}
