/** The list of executions as the api answers it, page after page. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { type ExecutionPage, executionKeys } from "../../live/executions";
import type { Filters } from "../../live/filters";

export function useExecutions(filters: Filters) {
  return useInfiniteQuery({
    queryKey: executionKeys.list(filters),
    queryFn: ({ pageParam, signal }) => page(filters, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
}

function page({ by, ...others }: Filters, cursor: string | undefined, signal: AbortSignal): Promise<ExecutionPage> {
  const query = { ...others, ...(by ? { requestedBy: by } : {}), ...(cursor ? { cursor } : {}) };
  return answer(api.GET("/api/executions", { params: { query: query as object }, signal }));
}
