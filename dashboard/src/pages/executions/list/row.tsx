/** One execution in the list. On a phone its cells make a card of two lines. */
import { Link } from "@tanstack/react-router";
import { type Execution, isLive } from "../../../live/execution";
import { Status } from "../../../ui/status";
import { At, Elapsed } from "../../../ui/time";
import type { Question } from "../actions/questions";
import { RowMenu } from "../actions/row-menu";
import type { Actions } from "../actions/use-actions";
import { told, visible } from "./told";
import "./row.css";

interface Props {
  execution: Execution;
  isCancelling: boolean;
  actions: Actions;
  onAsk: (question: Question) => void;
}

export function ExecutionRow({ execution, isCancelling, actions, onAsk }: Props) {
  const { taskId, status, image, command, startedAt, endedAt, createdAt } = execution;
  return (
    <tr data-task={taskId} className="execution">
      <td className="execution-status">
        <Status status={status} word={isCancelling ? "Cancelling" : undefined} />
      </td>
      <Cut className="execution-image" text={visible(image ?? taskId)} to={taskId} />
      <Cut className="execution-command" text={visible(command ?? "")} />
      <Cut className="execution-told" text={told(execution)} />
      <Cut className="execution-by" text={who(execution)} />
      <td className="execution-time">
        {(startedAt || isLive(execution)) && <Elapsed from={startedAt ?? createdAt} to={endedAt} />}
      </td>
      <td className="execution-created">
        <At time={createdAt} />
      </td>
      <td className="execution-more">
        <RowMenu execution={execution} actions={actions} onAsk={onAsk} />
      </td>
    </tr>
  );
}

/** Text of others in one line, cut at its end where there is no room, and whole in its title. */
function Cut({ className, text, to }: { className: string; text: string; to?: string }) {
  const shown = <bdi>{text}</bdi>;
  return (
    <td className={`execution-cut ${className}`} title={text || undefined}>
      {to === undefined ? (
        shown
      ) : (
        <Link to="/executions/$taskId" params={{ taskId: to }}>
          {shown}
        </Link>
      )}
    </td>
  );
}

function who({ requestedBy, source }: Execution): string {
  return visible(requestedBy?.name ?? requestedBy?.userId ?? (source === "external" ? "a worker" : ""));
}
