/** The charts of an image: passed and failed a day, and the duration of each execution. */
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { countsOf, dayOptions, durationOptions } from "./chart-options";
import { Plot } from "./plot";
import { dayColumns, pointColumns } from "./series";
import type { History } from "./use-images";

export default function Charts({ history }: { history: History }) {
  const navigate = useNavigate();
  const days = useMemo(() => dayColumns(history.days), [history.days]);
  const points = useMemo(() => pointColumns(history.points), [history.points]);
  const open = (index: number) => {
    const taskId = points.taskIds[index];
    if (taskId) void navigate({ to: "/executions/$taskId", params: { taskId } });
  };
  return (
    <div className="image-charts">
      <figure>
        <figcaption>Passed and failed a day</figcaption>
        <Plot label={`Passed and failed a day: ${countsOf(history)}`} data={days} options={dayOptions} />
      </figure>
      <figure>
        <figcaption>Duration, one dot an execution</figcaption>
        <Plot
          label={`Duration of ${points.taskIds.length} executions`}
          data={points.columns}
          options={durationOptions}
          onChoose={open}
        />
      </figure>
    </div>
  );
}
