/** The executions, in their sections; rows stay where they are while somebody is at them. */
import { useRef } from "react";
import type { Execution } from "../../../live/execution";
import { Button } from "../../../ui/button";
import { Table } from "../../../ui/table";
import type { Question } from "../actions/questions";
import { type Actions, useCancelling, useDeleted } from "../actions/use-actions";
import { ExecutionRow } from "./row";
import type { Section } from "./sections";
import { useArrangement } from "./use-arrangement";
import { useListKeys } from "./use-list-keys";
import "./list.css";

const COLUMNS = ["Status", "Image", "Command", "What happened", "By", "Time", "Created", "Actions"];

interface Props {
  executions: readonly Execution[];
  /** Whether they may have changed since they were read. */
  isOld: boolean;
  actions: Actions;
  onAsk: (question: Question) => void;
  /** Reads older ones, where there are any. */
  onOlder: () => Promise<unknown> | undefined;
}

export function ExecutionList({ executions, isOld, actions, onAsk, onOlder }: Props) {
  const region = useRef<HTMLDivElement>(null);
  const { sections, fresh, showFresh, presence } = useArrangement(executions, region);
  useListKeys({ region, executions, actions, onAsk, onOlder });
  return (
    <div ref={region} className="executions" data-old={isOld || undefined} {...presence}>
      {fresh > 0 && (
        <p className="executions-fresh" role="status">
          <Button kind="primary" onClick={showFresh}>
            {fresh} new ↑
          </Button>
        </p>
      )}
      <Table label="Executions" columns={COLUMNS}>
        <Sections sections={sections} actions={actions} onAsk={onAsk} />
      </Table>
    </div>
  );
}

function Sections({ sections, ...row }: { sections: readonly Section[] } & Pick<Props, "actions" | "onAsk">) {
  const isCancelling = useCancelling();
  const isDeleted = useDeleted();
  const left = sections.map((section) => ({ ...section, rows: section.rows.filter((each) => !isDeleted(each)) }));
  return left.flatMap(({ key, heading, rows }) => [
    heading && rows.length > 0 && (
      <tr key={key}>
        <th colSpan={COLUMNS.length} scope="rowgroup" className="executions-day">
          {heading}
        </th>
      </tr>
    ),
    ...rows.map((execution) => (
      <ExecutionRow key={execution.taskId} execution={execution} isCancelling={isCancelling(execution)} {...row} />
    )),
  ]);
}
