/** How the list is arranged now: held from when the pointer or the focus comes to it until both are elsewhere. */
import { type FocusEvent, type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";
import type { Execution } from "../../../live/execution";
import { useNow } from "../../../ui/time";
import { arranged } from "./hold";
import { focusRow } from "./rows";
import { type Section, sectionsOf } from "./sections";

export function useArrangement(executions: readonly Execution[], region: RefObject<HTMLElement | null>) {
  const now = useNow(false);
  const [held, setHeld] = useState<readonly Section[]>();
  const near = useRef({ pointer: false, focus: false });
  const { sections, fresh } = arranged(held, executions, now);
  const change = (what: Partial<typeof near.current>) => {
    near.current = { ...near.current, ...what };
    const isNear = near.current.pointer || near.current.focus;
    setHeld((before) => (isNear ? (before ?? sections) : undefined));
  };
  // A row that goes takes the focus with it without telling anybody.
  useEffect(() => {
    if (near.current.focus && !region.current?.contains(document.activeElement)) change({ focus: false });
  });
  const showFresh = () => {
    setHeld(sectionsOf(executions, now));
    requestAnimationFrame(() => focusRow(region.current, 0));
  };
  const presence = {
    onPointerEnter: ({ pointerType }: PointerEvent) => pointerType === "mouse" && change({ pointer: true }),
    onPointerLeave: () => change({ pointer: false }),
    onFocus: () => change({ focus: true }),
    onBlur: ({ relatedTarget, currentTarget }: FocusEvent) =>
      currentTarget.contains(relatedTarget) || change({ focus: false }),
  };
  return { sections, fresh, showFresh, presence };
}
