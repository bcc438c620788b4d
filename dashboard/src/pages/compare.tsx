/** `/executions/:taskId/compare?attempts=1,2`: two attempts side by side. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { Empty } from "../ui/empty";
import { ProblemCard } from "../ui/problem-card";
import { Skeleton } from "../ui/skeleton";
import { useTitle } from "../ui/title";
import type { Pair } from "./compare/beside";
import { Outcome } from "./compare/outcome";
import { Pane } from "./compare/pane";
import { difference, withoutEqual } from "./compare/rows";
import { type Comparison, MOST_LINES, useComparison } from "./compare/use-comparison";
import { type Attempt, attemptsOf, type Detail, isFailure } from "./execution/attempts";
import { Missing } from "./execution/missing";
import { useExecution } from "./execution/use-execution";
import "./compare/compare.css";

const route = getRouteApi("/frame/executions/$taskId/compare");

/** It needs the log view, and a comparison does not. */
const Beside = lazy(() => import("./compare/beside"));
const heading = (attempt: Attempt) => <Outcome attempt={attempt} />;

export default function Compare() {
  const { taskId } = route.useParams();
  const { data, error, refetch, isMissing } = useExecution(taskId);
  const asked = route.useSearch().attempts;
  useTitle(`Compare attempts of ${data?.image ?? taskId}`);
  if (isMissing && !data) return <Missing />;
  if (error && !data) return <ProblemCard message={error.message} onAgain={() => void refetch()} />;
  if (!data) return <Skeleton />;
  const pair = pairOf(attemptsOf(data), asked);
  if (!pair) return <Alone taskId={taskId} />;
  return <Both key={`${data.createdAt} ${pair[0].number} ${pair[1].number}`} detail={data} pair={pair} />;
}

function Both({ detail, pair }: { detail: Detail; pair: Pair }) {
  const [one, other] = pair;
  return (
    <div className="compare">
      <header className="compare-head">
        <Link to="/executions/$taskId" params={{ taskId: detail.taskId }}>
          ‹ Execution
        </Link>
        <h1>
          Attempts {one.number} and {other.number} of <bdi>{detail.image ?? detail.taskId}</bdi>
        </h1>
      </header>
      <Suspense fallback={<Skeleton />}>
        {one.isOver && other.isOver ? (
          <Ended detail={detail} pair={pair} />
        ) : (
          <Beside detail={detail} pair={pair} heading={heading} />
        )}
      </Suspense>
    </div>
  );
}

function Ended({ detail, pair }: { detail: Detail; pair: Pair }) {
  const [one, other] = pair;
  const found = useComparison(detail.taskId, detail.createdAt, [one.number, other.number]);
  if (found.error) return <ProblemCard message={found.error.message} onAgain={() => void found.refetch()} />;
  if (found.data === undefined) return <Skeleton label="Comparing" />;
  if (found.data) return <Compared pair={pair} found={found.data} />;
  const words = `More than ${MOST_LINES.toLocaleString("en")} lines are shown beside each other, and not compared.`;
  return (
    <>
      <p className="compare-note">{words}</p>
      <Beside detail={detail} pair={pair} heading={heading} />
    </>
  );
}

function Compared({ pair, found }: { pair: Pair; found: Comparison }) {
  const [together, setTogether] = useState(true);
  const [hide, setHide] = useState(false);
  const panes = useRef<(HTMLElement | null)[]>([null, null]);
  const rows = useMemo(() => (hide ? withoutEqual(found.rows) : found.rows), [hide, found]);
  const { left, right } = useMemo(() => difference(found.rows), [found]);
  const scrolled = (from: 0 | 1) => {
    const [here, there] = [panes.current[from], panes.current[1 - from]];
    if (together && here && there && there.scrollTop !== here.scrollTop) there.scrollTop = here.scrollTop;
  };
  const sides = ["left", "right"] as const;
  return (
    <>
      <p className="compare-note" role="status">
        {left + right === 0
          ? "Both wrote the same, but for times."
          : `${left} ${left === 1 ? "line" : "lines"} only left, ${right} only right`}
        <label>
          <input type="checkbox" checked={together} onChange={(event) => setTogether(event.target.checked)} /> scroll
          together
        </label>
        <label>
          <input type="checkbox" checked={hide} onChange={(event) => setHide(event.target.checked)} /> hide what is
          equal
        </label>
      </p>
      <div className="compare-sides">
        {sides.map((side, at) => (
          <section key={side} aria-label={`Attempt ${pair[at]?.number}`}>
            <Outcome attempt={pair[at] as Attempt} lines={found[side].length} />
            <Pane
              name={`Output of attempt ${pair[at]?.number}`}
              rows={rows}
              lines={found[side]}
              side={side}
              scroller={(element) => {
                panes.current[at] = element;
              }}
              onScroll={() => scrolled(at as 0 | 1)}
            />
          </section>
        ))}
      </div>
    </>
  );
}

function Alone({ taskId }: { taskId: string }) {
  return (
    <Empty title="There is only one attempt">
      <p>
        Nothing to compare it with. Back to{" "}
        <Link to="/executions/$taskId" params={{ taskId }}>
          the execution
        </Link>
      </p>
    </Empty>
  );
}

/** The two that were asked for; else the last failed one and the last one; null where there is only one. */
function pairOf(attempts: readonly Attempt[], asked: string | undefined): Pair | null {
  const found = [...new Set((asked ?? "").split(","))].flatMap(
    (number) => attempts.find((each) => String(each.number) === number) ?? [],
  );
  const last = attempts.at(-1);
  const before = attempts.slice(0, -1).findLast((each) => isFailure(each.status)) ?? attempts.at(-2);
  const [one, other] = found.length >= 2 ? found : [before, last];
  return one && other ? [one, other] : null;
}
