/** Sends a request, and leads to its execution. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { ApiError, answer, api } from "../../api/client";
import type { Execution } from "../../live/execution";
import { newTaskId } from "../../live/execution-calls";
import { bring } from "../../live/executions";
import { type Draft, requestOf } from "./draft";

export function useRequest() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const idOf = useIds();
  const sending = useMutation({
    mutationFn: async (draft: Draft) => {
      const body = requestOf(draft);
      const taskId = idOf(JSON.stringify(body));
      return answer(api.POST("/api/execution-request", { body: { folder: "all", ...body, taskId } }));
    },
    onSuccess: (state) => {
      bring(client, state as Execution);
      return navigate({ to: "/executions/$taskId", params: { taskId: state.taskId }, replace: true });
    },
  });
  const faults = sending.error instanceof ApiError ? sending.error.faults : [];
  return { send: sending.mutate, busy: sending.isPending, error: sending.error, faults };
}

/** Returns the id of a body: always the same one, as an answer that was lost may have been a yes. */
function useIds(): (body: string) => string {
  const ids = useRef(new Map<string, string>());
  return (body) => {
    const id = ids.current.get(body) ?? newTaskId();
    ids.current.set(body, id);
    return id;
  };
}
