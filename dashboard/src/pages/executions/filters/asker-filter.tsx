/** Who asked: anyone, oneself, the organization's people, and whoever else stands in the list, such as API keys. */
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { answer, api } from "../../../api/client";
import type { Execution } from "../../../live/execution";
import { useSession } from "../../../live/use-session";
import { visible } from "../list/told";
import type { FilterProps } from "./filter-bar";

const MOST = 200;

export function AskerFilter({ filters, onChange, executions }: FilterProps & { executions: readonly Execution[] }) {
  const id = useId();
  const askers = useAskers(executions, filters.by);
  return (
    <span className="filters-by">
      <label htmlFor={id}>by</label>
      <select id={id} value={filters.by ?? ""} onChange={(event) => onChange({ by: event.target.value || undefined })}>
        <option value="">anyone</option>
        {askers.map(([userId, name]) => (
          <option key={userId} value={userId}>
            {name}
          </option>
        ))}
      </select>
    </span>
  );
}

function useAskers(executions: readonly Execution[], chosen: string | undefined): [id: string, name: string][] {
  const { user } = useSession();
  const people = usePeople();
  const seen = executions.flatMap(({ requestedBy }) => (requestedBy ? [requestedBy] : []));
  const names = new Map([[user.id, "me"], ...(chosen ? [[chosen, chosen] as const] : [])]);
  for (const { userId, name } of [...people, ...seen].slice(0, 10 * MOST)) {
    if (userId !== user.id && (names.size < MOST || names.has(userId))) names.set(userId, name ?? userId);
  }
  return [...names].map(([userId, name]) => [userId, visible(name)]);
}

/** The organization's people; none where an identity provider keeps them, or they cannot be read now. */
function usePeople(): { userId: string; name: string | undefined }[] {
  const { data } = useQuery({
    queryKey: ["people", "askers"],
    queryFn: ({ signal }) => answer(api.GET("/api/users", { signal })),
    retry: false,
    select: ({ users }) => users.map(({ id, name }) => ({ userId: id, name })),
  });
  return data ?? [];
}
