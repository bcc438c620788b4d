/** A button that opens what belongs to it: a popover of the platform's, closed by Escape or a click elsewhere. */
import { type KeyboardEvent, type ReactNode, type ToggleEvent, useId, useRef, useState } from "react";
import { Button } from "./button";
import "./menu.css";

interface Props {
  /** What the button shows. */
  button: ReactNode;
  /** What it is called, where `button` alone does not say it. */
  label?: string;
  className?: string;
  children: ReactNode;
}

/** Opens anything below its button. */
export function Popover({ button, label, className = "", children }: Props) {
  const id = useId();
  const anchor = useRef<HTMLButtonElement>(null);
  const [place, setPlace] = useState({ top: 0, right: 0 });
  const [open, setOpen] = useState(false);
  const before = (event: ToggleEvent) => {
    const box = anchor.current?.getBoundingClientRect();
    if (event.newState === "open" && box) setPlace({ top: box.bottom + 4, right: Math.max(8, innerWidth - box.right) });
  };
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className={`button ${className}`}
        data-kind="quiet"
        popoverTarget={id}
        aria-expanded={open}
        aria-label={label}
      >
        {button}
      </button>
      <div
        id={id}
        popover="auto"
        className="popover"
        style={place}
        onBeforeToggle={before}
        onToggle={(event) => setOpen(event.newState === "open")}
      >
        {open && children}
      </div>
    </>
  );
}

/** Holds buttons and links one below the other; the arrow keys go through them. */
export function MenuItems({ children }: { children: ReactNode }) {
  return (
    <div role="menu" tabIndex={-1} className="menu" onKeyDown={step} ref={focusFirst}>
      {children}
    </div>
  );
}

interface ItemProps {
  keys?: string;
  className?: string | undefined;
  /** Why it cannot be done now. */
  reason?: string | undefined;
  onClick: () => void;
  children: ReactNode;
}

/** One thing to do. */
export function MenuItem({ keys, className = "", reason, onClick, children }: ItemProps) {
  const choose = (target: HTMLElement) => {
    target.closest<HTMLElement>("[popover]")?.hidePopover();
    onClick();
  };
  return (
    <Button
      kind="quiet"
      role="menuitem"
      className={`menu-item ${className}`}
      reason={reason}
      onClick={(event) => choose(event.currentTarget)}
    >
      {children}
      {keys && <kbd>{keys}</kbd>}
    </Button>
  );
}

function focusFirst(menu: HTMLElement | null): void {
  menu?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
}

function step(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  const at = Math.max(items.indexOf(document.activeElement as HTMLElement), by > 0 ? -1 : 0);
  items[(at + by + items.length) % items.length]?.focus();
}
