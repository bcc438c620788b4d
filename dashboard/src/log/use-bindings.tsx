import { type RefObject, useEffect } from "react";
import type { LogViewProps } from "./log-view";
import { toggleFullScreen } from "./log-view";
import type { Reader } from "./reader";
import type { TimeMode } from "./times";

/** A key as people read it, "g g", and what it does. */
export type Binding = { keys: string; label: string; run: () => void };

const TIMES: TimeMode[] = ["off", "clock", "start", "line"];

/** The time mode after this one. */
export function nextTimes(mode: TimeMode): TimeMode {
  return TIMES[(TIMES.indexOf(mode) + 1) % TIMES.length] as TimeMode;
}

/** Binds the output's keys, and in the output those with Ctrl: find, select all. */
export function useBindings(
  reader: Reader | null,
  root: RefObject<HTMLElement | null>,
  props: LogViewProps,
  also: { plain: () => void },
): void {
  const { bind } = props;
  useEffect(() => {
    if (!reader) return;
    return bind(bindings(reader, root, props, also));
  });
  useEffect(() => {
    if (!reader) return;
    const { scroller } = reader.surface;
    const pressed = (event: KeyboardEvent): void => onControl(event, reader, root.current);
    scroller.addEventListener("keydown", pressed);
    return () => scroller.removeEventListener("keydown", pressed);
  }, [reader, root]);
}

/** Goes to the field of the search. */
export function focusFind(root: HTMLElement | null): void {
  const field = root?.querySelector<HTMLInputElement>(".log-find input[type=search]");
  field?.focus();
  field?.select();
}

function onControl(event: KeyboardEvent, reader: Reader, root: HTMLElement | null): void {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  if (event.key === "f") focusFind(root);
  else if (event.key === "a") reader.surface.selection.all();
  else return;
  event.preventDefault();
}

/** Bound only while something is marked, so that Escape means what the page says otherwise. */
function unmark(reader: Reader, props: LogViewProps): Binding[] {
  if (!props.range) return [];
  const run = (): void => {
    reader.surface.mark(null);
    props.onRange(null);
  };
  return [{ keys: "Escape", label: "Unmark the lines", run }];
}

function bindings(
  reader: Reader,
  root: RefObject<HTMLElement | null>,
  props: LogViewProps,
  also: { plain: () => void },
): Binding[] {
  const { viewport } = reader.surface;
  const { options, onOptions } = props;
  return [
    ...unmark(reader, props),
    { keys: "/", label: "Find in the output", run: () => focusFind(root.current) },
    { keys: "n", label: "Next match", run: () => reader.finder.step(1) },
    { keys: "N", label: "Match before", run: () => reader.finder.step(-1) },
    { keys: "e", label: "Next failure", run: () => reader.stepFailure(1) },
    { keys: "E", label: "Failure before", run: () => reader.stepFailure(-1) },
    { keys: "g g", label: "First line", run: () => viewport.goTo(0) },
    { keys: "Home", label: "First line", run: () => viewport.goTo(0) },
    { keys: "G", label: "Last line", run: () => viewport.toEnd() },
    { keys: "End", label: "Last line", run: () => viewport.toEnd() },
    {
      keys: "f",
      label: "Follow",
      run: () => (reader.surface.follow.on ? reader.surface.follow.left() : viewport.toEnd()),
    },
    { keys: "w", label: "Wrap lines", run: () => onOptions({ ...options, wrap: !options.wrap }) },
    { keys: "s", label: "Timestamps", run: () => onOptions({ ...options, timestamps: nextTimes(options.timestamps) }) },
    { keys: "z", label: "Full screen", run: () => toggleFullScreen(root.current) },
    { keys: "v", label: "Plain text around the view", run: also.plain },
    { keys: "l", label: "Copy a link to the marked lines", run: () => void reader.copyLink() },
  ];
}
