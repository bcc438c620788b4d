/** The list of executions as the api answers it, page after page. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { defined } from "../../api/defined";
import type { Status } from "../../live/execution";
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

function page(
  { by, status, ...others }: Filters,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<ExecutionPage> {
  const given = { ...others, status: status?.split(",") as Status[] | undefined, requestedBy: by, cursor };
  return answer(api.GET("/api/executions", { params: { query: defined(given) }, signal }));
}
