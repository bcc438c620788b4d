/** `/executions/:taskId`: one execution, live, its output first. */
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError } from "../api/problem";
import { ProblemCard } from "../ui/problem-card";
import { Skeleton } from "../ui/skeleton";
import { statusWords } from "../ui/status";
import { useTitle } from "../ui/title";
import { type Attempt, attemptsOf, chosen, type Detail } from "./execution/attempts";
import { Details } from "./execution/details";
import { Head } from "./execution/head";
import { useIcon } from "./execution/icon";
import { Missing } from "./execution/missing";
import { NoResults } from "./execution/no-results";
import { OutputView } from "./execution/output-view";
import { Outputs } from "./execution/outputs";
import { useActions } from "./execution/use-actions";
import { useExecution } from "./execution/use-execution";
import { usePageKeys } from "./execution/use-page-keys";
import { ViewTabs, viewOf } from "./execution/view-tabs";
import "./execution/execution.css";

const route = getRouteApi("/frame/executions/$taskId");

export default function Execution() {
  const { taskId } = route.useParams();
  const { data, error, refetch, isMissing } = useExecution(taskId);
  if (data) return <Loaded key={`${taskId} ${data.createdAt}`} detail={data} isDeleted={isMissing} />;
  return <Absent taskId={taskId} error={error} isMissing={isMissing} onAgain={() => void refetch()} />;
}

type AbsentProps = { taskId: string; error: Error | null; isMissing: boolean; onAgain: () => void };

function Absent({ taskId, error, isMissing, onAgain }: AbsentProps) {
  useTitle(taskId);
  if (isMissing) return <Missing />;
  if (!error) return <Skeleton />;
  const ids = error instanceof ApiError ? { code: error.code, requestId: error.requestId } : {};
  return <ProblemCard message={error.message} {...ids} onAgain={onAgain} />;
}

function Loaded({ detail, isDeleted }: { detail: Detail; isDeleted: boolean }) {
  const search = route.useSearch();
  const attempts = attemptsOf(detail);
  const attempt = chosen(attempts, search.attempt);
  const outputs = useOutputs(detail.taskId);
  const actions = useActions(detail, attempt.number, isDeleted);
  const view = viewOf(search.view);
  const asks = usePageKeys(actions, attempts, attempt);
  useTitle(`${statusWords(detail.status).glyph} ${nameOf(detail)}`);
  useIcon(detail.status);
  return (
    <div className="execution">
      <Head detail={detail} attempts={attempts} attempt={attempt} actions={actions} asks={asks} />
      {isDeleted && <Deleted />}
      <ViewTabs view={view} />
      <section className="execution-view" id="view" role="tabpanel" aria-labelledby={`tab-${view}`}>
        <View view={view} detail={detail} attempts={attempts} attempt={attempt} outputs={outputs} actions={actions} />
      </section>
    </div>
  );
}

type ViewProps = {
  view: ReturnType<typeof viewOf>;
  detail: Detail;
  attempts: readonly Attempt[];
  attempt: Attempt;
  outputs: Outputs;
  actions: ReturnType<typeof useActions>;
};

function View({ view, detail, attempts, attempt, outputs, actions }: ViewProps) {
  if (view === "details") return <Details detail={detail} attempts={attempts} />;
  if (view !== "output") return <NoResults of={view} />;
  return (
    <OutputView
      key={attempt.number}
      detail={detail}
      attempt={attempt}
      outputs={outputs}
      onDownload={actions.download.run}
    />
  );
}

function Deleted() {
  return (
    <p className="execution-banner" role="alert">
      This execution was deleted meanwhile. What is shown here stays until you leave the page.
    </p>
  );
}

/** The outputs that this page reads, until it is left. */
function useOutputs(taskId: string): Outputs {
  const [outputs] = useState(() => new Outputs(taskId));
  useEffect(() => outputs.follow(), [outputs]);
  return outputs;
}

/** What a tab of the browser has room for: the command's first word, or the image. */
function nameOf({ command, image, taskId }: Detail): string {
  return command?.trim().split(/\s+/)[0] || image || taskId;
}
