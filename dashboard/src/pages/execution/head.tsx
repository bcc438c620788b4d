/** What stands above an execution's views: its state, what runs, by whom, its attempts, and what can be done. */
import { Link } from "@tanstack/react-router";
import { isLive } from "../../live/execution";
import { Status } from "../../ui/status";
import { At, Elapsed } from "../../ui/time";
import { ActionBar } from "./action-bar";
import { AttemptTabs } from "./attempt-tabs";
import type { Attempt, Detail } from "./attempts";
import type { Actions } from "./use-actions";
import type { Asks } from "./use-page-keys";

type Props = {
  detail: Detail;
  attempts: readonly Attempt[];
  attempt: Attempt;
  actions: Actions;
  asks: Asks;
};

export function Head({ detail, attempts, attempt, actions, asks }: Props) {
  return (
    <header className="execution-head">
      <div className="execution-line">
        <Link to="/executions" className="execution-back" title="Esc">
          ‹ Executions
        </Link>
        <h1>
          <Status status={detail.status} word={actions.isCancelling ? "Cancelling" : undefined} />{" "}
          <Took detail={detail} /> <bdi className="execution-image">{detail.image ?? detail.taskId}</bdi>
          {detail.command && <bdi className="execution-command"> · {detail.command}</bdi>}
        </h1>
        <ActionBar detail={detail} actions={actions} asks={asks} />
      </div>
      <div className="execution-line execution-about">
        <About detail={detail} />
        {attempts.length > 1 && <AttemptTabs attempts={attempts} attempt={attempt} taskId={detail.taskId} />}
      </div>
      <Outcome detail={detail} attempt={attempt} />
    </header>
  );
}

/** A waiting one has waited, a running one runs, an ended one took so long. */
function Took({ detail }: { detail: Detail }) {
  const { startedAt, createdAt, endedAt } = detail;
  if (!startedAt && !isLive(detail)) return null;
  return (
    <span className="execution-took">
      <Elapsed from={startedAt ?? createdAt} to={endedAt} />
    </span>
  );
}

function About({ detail }: { detail: Detail }) {
  const { requestedBy, pool, attempt, maxAttempts, queuePosition, createdAt } = detail;
  const by = requestedBy?.name ?? requestedBy?.userId;
  return (
    <p>
      {by && (
        <>
          by <bdi>{by}</bdi> ·{" "}
        </>
      )}
      pool <bdi>{pool}</bdi>
      {detail.status === "PENDING" && queuePosition && ` · #${queuePosition} in queue`}
      {maxAttempts > 1 && attempt > 0 && ` · attempt ${attempt} of ${Math.max(attempt, maxAttempts)}`} · created{" "}
      <At time={createdAt} />
    </p>
  );
}

/** Why the attempt failed, where the api says more than its state. */
function Outcome({ detail, attempt }: { detail: Detail; attempt: Attempt }) {
  const error = attempt.error ?? (attempt.isOver && !isLive(detail) ? detail.error : undefined);
  const { exitCode } = attempt;
  if (!error && !exitCode) return null;
  return (
    <p className="execution-outcome">
      {exitCode !== undefined && <span>Exit code {exitCode}</span>}
      {error && <bdi>{error}</bdi>}
    </p>
  );
}
