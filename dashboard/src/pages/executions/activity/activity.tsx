/** How many executions waited and ran in the last hour: as a chart, in words, and as a table. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { answer, api } from "../../../api/client";
import type { components } from "../../../api/schema";
import { Table } from "../../../ui/table";
import { At } from "../../../ui/time";
import { summary } from "./summary";
import "./activity.css";

export type History = components["schemas"]["ActivityHistory"];

const Plot = lazy(() => import("./plot"));
const AGAIN_MS = 15_000;

export function Activity() {
  const { data } = useQuery({
    queryKey: ["activity"],
    queryFn: ({ signal }) => answer(api.GET("/api/activity", { signal })),
    refetchInterval: AGAIN_MS,
    staleTime: AGAIN_MS,
  });
  if (!data || data.buckets.length === 0) return null;
  return (
    <figure className="activity">
      <div className="activity-plot" aria-hidden="true">
        <Suspense fallback={null}>
          <Plot history={data} />
        </Suspense>
      </div>
      <figcaption>
        <span className="activity-key" data-series="running">
          running
        </span>{" "}
        <span className="activity-key" data-series="waiting">
          waiting
        </span>{" "}
        <span>{summary(data)}</span>
        <AsTable history={data} />
      </figcaption>
    </figure>
  );
}

/** The minutes in which anything waited or ran, the newest first. */
function AsTable({ history }: { history: History }) {
  const minutes = history.buckets.filter(({ waiting, running }) => waiting + running > 0).reverse();
  return (
    <details>
      <summary>as a table</summary>
      <Table label="The last hour by the minute" columns={["Minute", "Running", "Waiting"]}>
        {minutes.map(({ at, waiting, running }) => (
          <tr key={at}>
            <td>
              <At time={at} />
            </td>
            <td>{running}</td>
            <td>{waiting}</td>
          </tr>
        ))}
      </Table>
    </details>
  );
}
