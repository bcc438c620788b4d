/** `/executions`: the organization's executions, live; what waits and runs on top, then the newest. */
import { Outlet, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Filters } from "../live/filters";
import { useKeys } from "../ui/keys";
import { Skeleton } from "../ui/skeleton";
import { useTitle } from "../ui/title";
import { useReason } from "./acting/use-reason";
import { type Question, Questions } from "./executions/actions/questions";
import { useActions } from "./executions/actions/use-actions";
import { Activity } from "./executions/activity/activity";
import { AsOf, ListProblem } from "./executions/condition";
import { FilterBar } from "./executions/filters/filter-bar";
import { useFilters } from "./executions/filters/use-filters";
import { ExecutionList } from "./executions/list/list";
import { More } from "./executions/more";
import { NothingMatches, NothingYet } from "./executions/nothing";
import { useExecutions } from "./executions/use-executions";

export default function Executions() {
  const { filters, ignored, change } = useFilters();
  const navigate = useNavigate();
  const reason = useReason("developer");
  const list = useExecutions(filters);
  const executions = list.data?.pages.flatMap((page) => page.executions) ?? [];
  const clear = () => void navigate({ to: "/executions", search: {} });
  useTitle("Executions");
  useKeys("New", [
    {
      keys: "n",
      label: "Request a new execution",
      run: () => reason === undefined && void navigate({ to: "/executions/new", state: { behind: filters } }),
    },
  ]);
  return (
    <>
      <h1 className="visually-hidden">Executions</h1>
      <FilterBar filters={filters} onChange={change} live={list.data?.pages[0]?.live} {...{ executions, reason }} />
      {ignored.length > 0 && (
        <p className="filters-ignored" role="status">
          Not used of this URL: {ignored.join("; ")}.
        </p>
      )}
      <AsOf />
      {list.error && <ListProblem error={list.error} onAgain={() => void list.refetch()} />}
      {list.isPending && !list.error && <Skeleton />}
      {list.data && <Found list={list} filters={filters} reason={reason} onClear={clear} />}
      <Outlet />
    </>
  );
}

interface FoundProps {
  list: ReturnType<typeof useExecutions>;
  filters: Filters;
  reason: string | undefined;
  onClear: () => void;
}

/** What was read, or what it means that it is nothing. */
function Found({ list, filters, reason, onClear }: FoundProps) {
  const [question, setQuestion] = useState<Question>();
  const actions = useActions();
  const executions = list.data?.pages.flatMap((page) => page.executions) ?? [];
  const older = list.hasNextPage ? () => list.fetchNextPage() : undefined;
  if (executions.length === 0) {
    if (Object.keys(filters).length === 0 && !older) return <NothingYet reason={reason} />;
    return <NothingMatches onClear={onClear} onOlder={older && (() => void older())} busy={list.isFetchingNextPage} />;
  }
  return (
    <>
      <Activity />
      <ExecutionList
        key={JSON.stringify(filters)}
        executions={executions}
        isOld={list.error !== null}
        actions={actions}
        onAsk={setQuestion}
        onOlder={() => older?.()}
      />
      <More list={list} />
      <Questions
        question={question}
        onClose={() => setQuestion(undefined)}
        onDo={({ name, execution }) => actions.act(name, execution)}
      />
    </>
  );
}
