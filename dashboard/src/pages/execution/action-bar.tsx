/** What can be done with an execution: two buttons, and a menu for what is rarer; on phones all in the menu. */

import { isLive } from "../../live/execution";
import { Button } from "../../ui/button";
import { Ask } from "../../ui/dialog";
import { MenuItem, MenuItems, Popover } from "../../ui/menu";
import type { Detail } from "./attempts";
import type { Action, Actions } from "./use-actions";
import type { Asks } from "./use-page-keys";

type Props = { detail: Detail; actions: Actions; asks: Asks };

export function ActionBar({ detail, actions, asks }: Props) {
  const { cancel, again, remove, download } = actions;
  return (
    <div className="execution-actions">
      {isLive(detail) && (
        <Act action={cancel} keys="c" className="execution-wide">
          Cancel
        </Act>
      )}
      <Act action={again} keys="r" className="execution-wide">
        Run again
      </Act>
      <Popover button="⋯" label="More actions">
        <MenuItems>
          {isLive(detail) && <Item action={cancel} keys="c" label="Cancel" className="execution-narrow" />}
          <Item action={again} keys="r" label="Run again" className="execution-narrow" />
          <Item action={download} keys="d" label="Download the output" />
          <Item action={{ ...remove, run: () => asks.ask("remove") }} keys="Delete" label="Delete…" />
        </MenuItems>
      </Popover>
      <Asked detail={detail} actions={actions} asks={asks} />
    </div>
  );
}

type ActProps = { action: Action; keys: string; className: string; children: string };

function Act({ action, keys, className, children }: ActProps) {
  const { reason, busy, run } = action;
  return (
    <Button className={className} reason={reason} busy={busy} title={`Key ${keys}`} onClick={() => run()}>
      {children}
    </Button>
  );
}

type ItemProps = { action: Action; keys: string; label: string; className?: string };

function Item({ action, keys, label, className }: ItemProps) {
  return (
    <MenuItem keys={keys} className={className} reason={action.reason} onClick={() => action.run()}>
      {label}
    </MenuItem>
  );
}

/** What a key or the menu asks before it is done. */
function Asked({ detail, actions, asks }: Props) {
  const what = detail.command ? `${detail.image ?? ""} · ${detail.command}` : (detail.image ?? detail.taskId);
  const shown = {
    cancel: ["Cancel it?", "Cancel it", "Let it run", "Its command is ended, and counts as cancelled."],
    again: ["Run it again?", "Run again", "Not now", "The same request, as a new execution."],
    remove: [
      "Delete it?",
      "Delete",
      "Keep it",
      `${outputs(detail)} and what is known of it go, for everybody and for good.`,
    ],
  } as const;
  const [title, action, keep, words] = shown[asks.asking ?? "remove"];
  const doIt = () => {
    const { asking } = asks;
    asks.ask(null);
    if (asking) actions[asking].run();
  };
  return (
    <Ask
      title={title}
      open={asks.asking !== null}
      action={action}
      keep={keep}
      onClose={() => asks.ask(null)}
      onDo={doIt}
    >
      <p>
        <bdi className="execution-named">{what}</bdi>
      </p>
      <p>{words}</p>
    </Ask>
  );
}

function outputs({ attempt }: Detail): string {
  return attempt > 1 ? `The output of its ${attempt} attempts` : "Its output";
}
