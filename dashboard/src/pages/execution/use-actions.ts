/** What can be done with an execution: cancel it, run it again, delete it, download its output. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { isLive } from "../../live/execution";
import { cancel, newTaskId, rerun } from "../../live/execution-calls";
import { executionKeys } from "../../live/executions";
import { useLink } from "../../live/use-link";
import { useSession } from "../../live/use-session";
import { toasts } from "../../ui/toasts";
import type { Detail } from "./attempts";
import { failed } from "./failed";
import { useDownload } from "./use-download";

export interface Action {
  run: () => void;
  busy: boolean;
  /** Why it cannot be done now. */
  reason?: string | undefined;
}

export interface Actions {
  cancel: Action;
  again: Action;
  remove: Action;
  download: Action;
  isCancelling: boolean;
}

/** `attempt` is the one whose output is downloaded. */
export function useActions(detail: Detail, attempt: number, isDeleted: boolean): Actions {
  const { taskId } = detail;
  const why = useReason(isDeleted);
  const cancelling = useCancel(taskId);
  const live = isLive(detail);
  const isCancelling = live && (cancelling.isPending || cancelling.isSuccess);
  const ended = live ? undefined : "It has ended already";
  return {
    cancel: {
      run: cancelling.mutate,
      busy: false,
      reason: why ?? ended ?? (isCancelling ? "It is being cancelled" : undefined),
    },
    again: { ...useAgain(taskId), reason: why },
    remove: { ...useRemove(taskId), reason: why ?? (live ? "It still runs: cancel it first" : undefined) },
    download: { ...useDownload(taskId, attempt), reason: isDeleted ? "It was deleted" : undefined },
    isCancelling,
  };
}

function useReason(isDeleted: boolean): string | undefined {
  const { user } = useSession();
  const { name } = useLink();
  if (isDeleted) return "It was deleted";
  if (user.role === "viewer") return "Ask for the role developer";
  return name === "offline" ? "Offline: nothing can be changed now" : undefined;
}

function useCancel(taskId: string) {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: () => cancel(client, taskId),
    onError: (error) => failed("It could not be cancelled", error, () => mutation.mutate()),
  });
  return mutation;
}

/** One id for all tries on this page, so that a repeated one is the same execution. */
function useAgain(taskId: string): Omit<Action, "reason"> {
  const [next] = useState(newTaskId);
  const client = useQueryClient();
  const navigate = useNavigate();
  const mutation = useMutation({
    mutationFn: () => rerun(client, taskId, next),
    onSuccess: (state) => navigate({ to: "/executions/$taskId", params: { taskId: state.taskId } }),
    onError: (error) => failed("It could not be run again", error, () => mutation.mutate()),
  });
  return { run: mutation.mutate, busy: mutation.isPending };
}

function useRemove(taskId: string): Omit<Action, "reason"> {
  const navigate = useNavigate();
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: () => answer(api.DELETE("/api/executions/{taskId}", { params: { path: { taskId } } })),
    onSuccess: async () => {
      await navigate({ to: "/executions" });
      client.removeQueries({ queryKey: executionKeys.one(taskId) });
      void client.invalidateQueries({ queryKey: executionKeys.lists });
      toasts.done("Deleted");
    },
    onError: (error) => failed("It could not be deleted", error, () => mutation.mutate()),
  });
  return { run: mutation.mutate, busy: mutation.isPending };
}
