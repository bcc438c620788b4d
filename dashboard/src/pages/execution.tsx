/** `/executions/:taskId`: one execution, live. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { answer, api } from "../api/client";
import { ApiError } from "../api/problem";
import { executionKeys } from "../live/executions";
import { useSession } from "../live/use-session";
import { Empty } from "../ui/empty";
import { ProblemCard } from "../ui/problem-card";
import { Skeleton } from "../ui/skeleton";
import { Status, statusWords } from "../ui/status";
import { At, Elapsed } from "../ui/time";
import { useTitle } from "../ui/title";

const route = getRouteApi("/frame/executions/$taskId");

export default function Execution() {
  const { taskId } = route.useParams();
  const { data, error, refetch } = useExecution(taskId);
  useTitle(data ? `${statusWords(data.status).glyph} ${data.image ?? taskId}` : taskId);
  if (error instanceof ApiError && error.status === 404) return <Missing />;
  if (error && !data) return <ProblemCard message={error.message} onAgain={() => refetch()} />;
  if (!data) return <Skeleton />;
  return (
    <>
      <h1>
        <Status status={data.status} /> <bdi>{data.image ?? taskId}</bdi>
      </h1>
      <p>
        Attempt {data.attempt} · <Elapsed from={data.startedAt ?? data.createdAt} to={data.endedAt} /> · created{" "}
        <At time={data.createdAt} />
      </p>
      {data.error && <p>{data.error}</p>}
    </>
  );
}

function useExecution(taskId: string) {
  return useQuery({
    queryKey: executionKeys.one(taskId),
    queryFn: ({ signal }) => answer(api.GET("/api/executions/{taskId}", { params: { path: { taskId } }, signal })),
  });
}

function Missing() {
  const { organization } = useSession();
  return <Empty title={`There is no such execution in ${organization.name ?? organization.id}`} />;
}
