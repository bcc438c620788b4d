/** What can be done with an execution: cancel it, run it again, delete it, download its output. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, download } from "../../api/client";
import { ApiError } from "../../api/problem";
import { isLive } from "../../live/execution";
import { bring, executionKeys } from "../../live/executions";
import { useLink } from "../../live/use-link";
import { useSession } from "../../live/use-session";
import { toasts } from "../../ui/toasts";
import type { Detail } from "./attempts";
import { newTaskId } from "./new-task-id";
import { save } from "./save";

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
  const cancel = useCancel(taskId);
  const live = isLive(detail);
  const isCancelling = live && (cancel.isPending || cancel.isSuccess);
  const ended = live ? undefined : "It has ended already";
  return {
    cancel: {
      run: cancel.mutate,
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
    mutationFn: () => answer(api.POST("/api/executions/{taskId}/cancel", { params: { path: { taskId } } })),
    onSuccess: (state) => bring(client, state),
    onError: (error) => failed("It could not be cancelled", error, () => mutation.mutate()),
  });
  return mutation;
}

/** One id for all tries on this page, so that a repeated one is the same execution. */
function useAgain(taskId: string): Omit<Action, "reason"> {
  const [next] = useState(newTaskId);
  const navigate = useNavigate();
  const path = { taskId };
  const mutation = useMutation({
    mutationFn: () => answer(api.POST("/api/executions/{taskId}/rerun", { params: { path }, body: { taskId: next } })),
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

/** Downloads an attempt's output as text. */
export function useDownload(taskId: string, attempt: number): Omit<Action, "reason"> {
  const path = `/api/executions/${encodeURIComponent(taskId)}/logs?format=text&attempt=${attempt}`;
  const mutation = useMutation({
    mutationFn: () => download(path),
    onSuccess: (blob) => save(blob, `${taskId}-${attempt}.txt`),
    onError: (error) => failed("The output could not be downloaded", error, () => mutation.mutate()),
  });
  return { run: mutation.mutate, busy: mutation.isPending };
}

function failed(what: string, error: Error, again: () => void): void {
  const ids = error instanceof ApiError ? ` (${[error.code, error.requestId].filter(Boolean).join(", request ")})` : "";
  toasts.failed(`${what}: ${error.message}`, { small: ids.trim(), again });
}
