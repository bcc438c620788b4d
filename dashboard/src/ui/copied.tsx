/** A text to take elsewhere: it is selected whole where it gets the focus, and copied by a button that says so. */
import { useId, useRef, useState } from "react";
import { Button } from "./button";
import "./copied.css";

interface Props {
  label: string;
  text: string;
  /** What the button says: "Copy", or of what where there are several. */
  action?: string;
  /** Whether its button has the focus as soon as it is shown. */
  autoFocus?: boolean;
}

export function Copied({ label, text, action = "Copy", autoFocus = false }: Props) {
  const id = useId();
  const shown = useRef<HTMLTextAreaElement>(null);
  const [said, setSaid] = useState("");
  const copy = async () => setSaid((await toClipboard(text)) ? "Copied" : selected(shown.current));
  return (
    <div className="copied">
      <label htmlFor={id}>{label}</label>
      <textarea
        ref={shown}
        id={id}
        readOnly
        value={text}
        rows={Math.max(2, text.split("\n").length)}
        spellCheck={false}
        translate="no"
        onFocus={(event) => event.currentTarget.select()}
      />
      <Button onClick={copy} autoFocus={autoFocus}>
        {action}
      </Button>
      <span className="copied-said" role="status">
        {said}
      </span>
    </div>
  );
}

/** Tells whether the browser let it: it does not where the page is not secure. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function selected(field: HTMLTextAreaElement | null): string {
  field?.focus();
  field?.select();
  return "This browser does not copy here; it is selected: press Ctrl-C";
}
