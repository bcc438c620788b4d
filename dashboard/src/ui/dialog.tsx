/** A dialog: the platform's own, which keeps focus inside, closes on Escape, and gives focus back. */
import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./button";
import "./dialog.css";

interface Props {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}

export function Dialog({ title, open, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (open && ref.current && !ref.current.open) show(ref.current);
    if (!open) ref.current?.close();
  }, [open]);
  return (
    <dialog ref={ref} className="dialog" aria-labelledby={id} onClose={onClose}>
      {open && (
        <>
          <header className="dialog-head">
            <h2 id={id}>{title}</h2>
            <Button kind="quiet" aria-label="Close" title="Close (Esc)" onClick={onClose}>
              ×
            </Button>
          </header>
          {children}
        </>
      )}
    </dialog>
  );
}

/** Shows it with the focus where it is marked, else in its first field: React's `autoFocus` is too early for it. */
function show(dialog: HTMLDialogElement): void {
  dialog.showModal();
  dialog.querySelector<HTMLElement>("[data-focused], form :is(input, select, textarea)")?.focus();
}

interface AskProps {
  title: string;
  open: boolean;
  /** What the button that does it says: "Delete", "Log out everywhere". */
  action: string;
  /** What the way out says. */
  keep?: string;
  busy?: boolean;
  onClose: () => void;
  onDo: () => void;
  children: ReactNode;
}

/** Asks before something that cannot be undone; the way out has the focus. */
export function Ask({ title, open, action, keep = "Keep it", busy = false, onClose, onDo, children }: AskProps) {
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      {children}
      <footer className="dialog-foot">
        <Button onClick={onClose} data-focused>
          {keep}
        </Button>
        <Button kind="danger" busy={busy} onClick={onDo}>
          {action}
        </Button>
      </footer>
    </Dialog>
  );
}
