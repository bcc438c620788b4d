/** `/executions`: the organization's executions, live; what waits and runs on top, then the newest. */
import { getRouteApi } from "@tanstack/react-router";
import { ApiError } from "../api/problem";
import { type Execution, isLive } from "../live/execution";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { ProblemCard } from "../ui/problem-card";
import { Skeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { useTitle } from "../ui/title";
import { ExecutionRow } from "./executions/row";
import { useExecutions } from "./executions/use-executions";

const route = getRouteApi("/frame/executions");
const COLUMNS = ["Status", "Image", "Command", "By", "Time", "Created"];

export default function Executions() {
  const filters = route.useSearch();
  const list = useExecutions(filters);
  useTitle("Executions");
  const rows = inOrder(list.data?.pages.flatMap((page) => page.executions) ?? []);
  return (
    <>
      {list.error && <Problem error={list.error} onAgain={() => list.refetch()} />}
      {list.isPending && !list.error && <Skeleton />}
      {list.data && rows.length === 0 && <Nothing filtered={Object.keys(filters).length > 0} />}
      {rows.length > 0 && (
        <Table label="Executions" columns={COLUMNS}>
          {rows.map((execution) => (
            <ExecutionRow key={execution.taskId} execution={execution} />
          ))}
        </Table>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          Load older
        </Button>
      )}
    </>
  );
}

/** What still changes stands first, each part as the api has it: newest first. */
function inOrder(executions: readonly Execution[]): Execution[] {
  return [...executions.filter(isLive), ...executions.filter((execution) => !isLive(execution))];
}

function Nothing({ filtered }: { filtered: boolean }) {
  const navigate = route.useNavigate();
  if (filtered) {
    return (
      <Empty title="Nothing matches">
        <Button onClick={() => void navigate({ search: {} })}>Clear the filters</Button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has run yet">
      <p>Start the first one from a terminal; it appears here at once:</p>
      <pre>{`curl ${location.origin}/api/execution-request \\
  -H "Authorization: Bearer $TOKEN" \\
  -d '{"image": "alpine:3", "command": "echo hello"}'`}</pre>
    </Empty>
  );
}

function Problem({ error, onAgain }: { error: Error; onAgain: () => void }) {
  const details = error instanceof ApiError ? { code: error.code, requestId: error.requestId } : {};
  return <ProblemCard message={error.message} {...details} onAgain={onAgain} />;
}
