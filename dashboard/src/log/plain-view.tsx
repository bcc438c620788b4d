import { useCallback } from "react";

/** Lines as one plain text: for screen readers, the browser's find, printing, phones. */
export function PlainView({ first, text, onClose }: { first: number; text: string; onClose: () => void }) {
  const open = useCallback((dialog: HTMLDialogElement | null) => dialog?.showModal(), []);
  const last = first + text.split("\n").length - 1;
  return (
    <dialog className="log-plain" ref={open} onClose={onClose} aria-label={`Lines ${first} to ${last} as plain text`}>
      <form method="dialog">
        <strong>
          Lines {first.toLocaleString("en")}–{last.toLocaleString("en")}
        </strong>
        <button type="submit">Close</button>
      </form>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reached by keys */}
      <pre tabIndex={0}>{text}</pre>
    </dialog>
  );
}
