/** What can be done with one execution of the list, behind its ⋯. */
import type { Execution } from "../../../live/execution";
import { MenuItem, MenuItems, Popover } from "../../../ui/menu";
import { nameOf } from "../list/told";
import type { Question } from "./questions";
import type { Actions } from "./use-actions";

interface Props {
  execution: Execution;
  actions: Actions;
  onAsk: (question: Question) => void;
}

export function RowMenu({ execution, actions: { act, reason }, onAsk }: Props) {
  return (
    <Popover button="⋯" label={`Actions for ${nameOf(execution)}`}>
      <MenuItems>
        <MenuItem keys="c" reason={reason("cancel", execution)} onClick={() => act("cancel", execution)}>
          Cancel
        </MenuItem>
        <MenuItem keys="r" reason={reason("rerun", execution)} onClick={() => act("rerun", execution)}>
          Run again
        </MenuItem>
        <MenuItem
          keys="Delete"
          reason={reason("delete", execution)}
          onClick={() => onAsk({ name: "delete", execution })}
        >
          Delete …
        </MenuItem>
      </MenuItems>
    </Popover>
  );
}
