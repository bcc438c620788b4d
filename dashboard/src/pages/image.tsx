/** `/images/:image`: how its executions ended day by day, and how long they took, beside the period before. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { Skeleton } from "../ui/skeleton";
import { useTitle } from "../ui/title";
import { Reading } from "./acting/reading";
import { Figures } from "./images/figures";
import { DayTable, PointTable } from "./images/history-tables";
import { Incomplete } from "./images/incomplete";
import { RANGES, type Range, rangeOf } from "./images/range";
import { RangeLinks } from "./images/range-links";
import { type History, useImageHistory } from "./images/use-images";
import "./images/images.css";

const Charts = lazy(() => import("./images/charts"));
const route = getRouteApi("/frame/images/$image");

export default function ImagePage() {
  const { image } = route.useParams();
  const range = rangeOf(route.useSearch().range);
  const history = useImageHistory(image, range);
  useTitle(image);
  return (
    <>
      <div className="image-head">
        <h1>
          <Link to="/images" search={{ range }}>
            Images
          </Link>{" "}
          ▸ <bdi>{image}</bdi>
        </h1>
        <RangeLinks range={range} />
      </div>
      <Reading of={history}>{(found) => <Shown history={found} range={range} />}</Reading>
    </>
  );
}

function Shown({ history, range }: { history: History; range: Range }) {
  const [asTable, setAsTable] = useState(false);
  if (history.totals.executions === 0) return <Nothing history={history} range={range} />;
  return (
    <>
      <Incomplete of={history} />
      <Figures now={history.totals} before={history.before} days={RANGES[range]} />
      <p className="image-actions">
        <Link to="/executions" search={{ image: history.image }}>
          Its executions
        </Link>
        <Button aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          As a table
        </Button>
      </p>
      {asTable ? (
        <>
          <DayTable days={history.days} />
          <PointTable points={history.points} />
        </>
      ) : (
        <Suspense fallback={<Skeleton rows={6} label="Drawing" />}>
          <Charts history={history} />
        </Suspense>
      )}
    </>
  );
}

function Nothing({ history, range }: { history: History; range: Range }) {
  return (
    <Empty title={`Nothing of this image ended in the last ${RANGES[range]} days`}>
      {history.before.executions > 0 && <p>In the period before, {history.before.executions} did.</p>}
      {range !== "90d" && (
        <Link to="." search={{ range: "90d" }}>
          Look at 90 days
        </Link>
      )}
    </Empty>
  );
}
