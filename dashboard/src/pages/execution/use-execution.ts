/** One execution as the api tells it, kept level by the link; and whether it was deleted meanwhile. */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { ApiError } from "../../api/problem";
import { isNewer, updated } from "../../live/execution";
import { executionKeys } from "../../live/executions";
import type { Detail } from "./attempts";

/** No event tells of a deletion. */
const LOOK_AGAIN_MS = 15_000;

export function useExecution(taskId: string) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: executionKeys.one(taskId),
    queryFn: ({ signal }) => read(client, taskId, signal),
    refetchInterval: ({ state }) => (isMissing(state.error) ? false : LOOK_AGAIN_MS),
  });
  return { ...query, isMissing: isMissing(query.error) };
}

/** An answer that an event has overtaken is taken for what only answers tell. */
async function read(client: QueryClient, taskId: string, signal: AbortSignal): Promise<Detail> {
  const told = await answer(api.GET("/api/executions/{taskId}", { params: { path: { taskId } }, signal }));
  const detail = { ...told, readRev: told.rev };
  const known = client.getQueryData<Detail>(executionKeys.one(taskId));
  if (!known || known.createdAt !== detail.createdAt || !isNewer(known, detail)) return detail;
  const { attempts, request, readRev } = detail;
  return { ...updated(detail, known), attempts, request, readRev };
}

function isMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
