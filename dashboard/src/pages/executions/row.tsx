/** One execution in the list. */
import { Link } from "@tanstack/react-router";
import { type Execution, isLive } from "../../live/execution";
import { Status } from "../../ui/status";
import { At, Elapsed } from "../../ui/time";

export function ExecutionRow({ execution }: { execution: Execution }) {
  const { taskId, status, image, command, requestedBy, createdAt, startedAt, endedAt } = execution;
  return (
    <tr data-task={taskId}>
      <td>
        <Status status={status} />
      </td>
      <td>
        <Link to="/executions/$taskId" params={{ taskId }}>
          <bdi>{image ?? taskId}</bdi>
        </Link>
      </td>
      <td>
        <bdi>{command}</bdi>
      </td>
      <td>
        <bdi>{requestedBy?.name ?? requestedBy?.userId}</bdi>
      </td>
      <td>{(startedAt || isLive(execution)) && <Elapsed from={startedAt ?? createdAt} to={endedAt} />}</td>
      <td>
        <At time={createdAt} />
      </td>
    </tr>
  );
}
