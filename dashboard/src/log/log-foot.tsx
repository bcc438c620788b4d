import { type ReactNode, useEffect, useRef, useState } from "react";
import { useReader } from "./log-view";
import type { Reader } from "./reader";

const SAY_EVERY_MS = 10_000;

/** What is known of the output: words before the number of its lines, or what is made of that. */
export type LogState = ReactNode | ((lines: string) => ReactNode);

/** What is known of the output, and whether its end is followed. */
export function LogFoot({ reader, state }: { reader: Reader; state: LogState }) {
  useReader(reader);
  const { follow, viewport } = reader.surface;
  const count = reader.chunks.lineCount;
  const lines = count === 1 ? "1 line" : `${count.toLocaleString("en")} lines`;
  return (
    <footer className="log-foot">
      <span>
        {typeof state === "function" ? (
          state(lines)
        ) : (
          <>
            {state} · {lines}
          </>
        )}
      </span>
      <Marked reader={reader} />
      <Said reader={reader} />
      <button type="button" className="log-pill" aria-pressed={follow.on} onClick={() => viewport.toEnd()}>
        {pillText(follow.on, follow.unseen)}
      </button>
    </footer>
  );
}

function Marked({ reader }: { reader: Reader }) {
  const range = reader.surface.marked;
  if (!range) return null;
  return (
    <span>
      {range.from === range.to ? `Line ${range.from}` : `Lines ${range.from}–${range.to}`}{" "}
      <button type="button" onClick={() => void reader.copyLink()}>
        Copy link
      </button>
    </span>
  );
}

function pillText(following: boolean, unseen: number): string {
  if (following) return "Following";
  if (unseen === 0) return "To the end ↓";
  return `${unseen.toLocaleString("en")} new ${unseen === 1 ? "line" : "lines"} ↓`;
}

/** Tells screen readers now and then how much came; the output itself is never read aloud as it comes. */
function Said({ reader }: { reader: Reader }) {
  const [text, setText] = useState("");
  const said = useRef(reader.chunks.lineCount);
  useEffect(() => {
    const timer = setInterval(() => {
      const come = reader.chunks.lineCount - said.current;
      said.current += come;
      setText(come > 0 ? `${come.toLocaleString("en")} new lines` : "");
    }, SAY_EVERY_MS);
    return () => clearInterval(timer);
  }, [reader]);
  return (
    <span className="log-said" role="status">
      {text}
    </span>
  );
}
