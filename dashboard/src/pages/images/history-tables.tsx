/** The charts as tables: for screen readers, for copying, and for whoever reads figures rather than bars. */
import { Link } from "@tanstack/react-router";
import type { components } from "../../api/schema";
import { duration } from "../../ui/duration";
import { Status } from "../../ui/status";
import { Table } from "../../ui/table";
import { At } from "../../ui/time";
import { failedOf, rateWords } from "./outcome";

const DAY_COLUMNS = ["Day", "Passed", "Unstable", "Failed", "Cancelled", "Pass rate", "Half within", "95 % within"];
const POINT_COLUMNS = ["Started", "Status", "Took", "Execution"];

export function DayTable({ days }: { days: readonly components["schemas"]["DayOutcome"][] }) {
  return (
    <Table label="Passed and failed a day" columns={DAY_COLUMNS}>
      {days.map(({ day, counts, passRate, p50Ms, p95Ms }) => (
        <tr key={day}>
          <td>
            <time dateTime={day}>{day}</time>
          </td>
          <td className="image-figure">{counts.PASSED}</td>
          <td className="image-figure">{counts.UNSTABLE}</td>
          <td className="image-figure">{failedOf(counts)}</td>
          <td className="image-figure">{counts.CANCELLED}</td>
          <td className="image-figure">{passRate !== undefined && rateWords(passRate)}</td>
          <td className="image-figure">{p50Ms !== undefined && duration(p50Ms)}</td>
          <td className="image-figure">{p95Ms !== undefined && duration(p95Ms)}</td>
        </tr>
      ))}
    </Table>
  );
}

export function PointTable({ points }: { points: readonly components["schemas"]["Point"][] }) {
  return (
    <Table label="Duration of each execution" columns={POINT_COLUMNS}>
      {points.map(({ taskId, startedAt, status, durationMs }) => (
        <tr key={taskId}>
          <td>
            <At time={startedAt} />
          </td>
          <td>
            <Status status={status} />
          </td>
          <td className="image-figure">{duration(durationMs)}</td>
          <td>
            <Link to="/executions/$taskId" params={{ taskId }}>
              <bdi>{taskId}</bdi>
            </Link>
          </td>
        </tr>
      ))}
    </Table>
  );
}
