/** What one does to an execution: cancel it, run it again, delete it; each brings the cache level. */
import type { QueryClient } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import type { Execution } from "./execution";
import { bring, executionKeys, forget } from "./executions";

/** Asks for its end. A second call is the same; one that ended stays as it is. */
export async function cancel(client: QueryClient, taskId: string): Promise<void> {
  const { cancelRequested: _, ...state } = await answer(
    api.POST("/api/executions/{taskId}/cancel", { params: { path: { taskId } } }),
  );
  bring(client, state as Execution);
}

/** Runs the same request under `as`: called again with the same, it is the same execution. */
export async function rerun(client: QueryClient, taskId: string, as: string): Promise<Execution> {
  const asked = api.POST("/api/executions/{taskId}/rerun", { params: { path: { taskId } }, body: { taskId: as } });
  const state = (await answer(asked)) as Execution;
  bring(client, state);
  return state;
}

/** Deletes an ended one, with its output. */
export async function remove(client: QueryClient, taskId: string): Promise<void> {
  await answer(api.DELETE("/api/executions/{taskId}", { params: { path: { taskId } } }));
  forget(client, taskId);
  client.removeQueries({ queryKey: executionKeys.one(taskId) });
}

/**
 * Returns an id for an execution that is to be requested, so that a request that is repeated is one: 128 random bits in
 * hexadecimal; unlike `crypto.randomUUID` also on pages that came without TLS.
 */
export function newTaskId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
