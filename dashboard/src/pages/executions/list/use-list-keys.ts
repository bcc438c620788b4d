/** The keys of the list: they move the focus from row to row, and act on the row that has it. */
import type { RefObject } from "react";
import type { Execution } from "../../../live/execution";
import { useKeys } from "../../../ui/keys";
import { toasts } from "../../../ui/toasts";
import type { Question } from "../actions/questions";
import type { ActionName, Actions } from "../actions/use-actions";
import { countRows, focusedIndex, focusedTask, focusRow } from "./rows";

const PAGE = 50;

interface Parts {
  region: RefObject<HTMLElement | null>;
  executions: readonly Execution[];
  actions: Actions;
  onAsk: (question: Question) => void;
  onOlder: () => Promise<unknown> | undefined;
}

export function useListKeys({ region, executions, actions, onAsk, onOlder }: Parts): void {
  const move = (by: number) => focusRow(region.current, Math.max(0, focusedIndex(region.current) + by));
  const ask = (name: ActionName) => {
    const execution = executions.find(({ taskId }) => taskId === focusedTask(region.current));
    if (!execution) return;
    const why = actions.reason(name, execution);
    if (why) toasts.done(why);
    else onAsk({ name, execution });
  };
  const further = async () => {
    if (focusedIndex(region.current) === countRows(region.current) - 1) await onOlder();
    requestAnimationFrame(() => move(PAGE));
  };
  useKeys("Executions", [
    { keys: "j", label: "The next one; Enter opens it", run: () => move(1) },
    { keys: "k", label: "The one before", run: () => move(-1) },
    { keys: "ArrowDown", label: "The next one", run: () => move(1) },
    { keys: "ArrowUp", label: "The one before", run: () => move(-1) },
    { keys: "]", label: `${PAGE} further down, older ones where there are any`, run: () => void further() },
    { keys: "[", label: `${PAGE} further up`, run: () => move(-PAGE) },
    { keys: "c", label: "Cancel it", run: () => ask("cancel") },
    { keys: "r", label: "Run it again", run: () => ask("rerun") },
    { keys: "Delete", label: "Delete it", run: () => ask("delete") },
  ]);
}
