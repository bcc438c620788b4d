/** One side of a comparison: rows of one height, of which those in view stand in the page. */
import { useEffect, useRef, useState } from "react";
import type { Row } from "./rows";
import { shown } from "./shown";

interface Props {
  name: string;
  rows: readonly Row[];
  lines: readonly string[];
  side: "left" | "right";
  scroller: (element: HTMLElement | null) => void;
  onScroll: () => void;
}

const HEIGHT = 18;
const MORE = 20;

export function Pane({ name, rows, lines, side, scroller, onScroll }: Props) {
  const own = useRef<HTMLElement | null>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const look = () => {
    const { scrollTop: top, clientHeight: height } = own.current ?? { scrollTop: 0, clientHeight: 800 };
    setView({ top, height });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows may have another height
  useEffect(look, [rows]);
  const first = Math.max(0, Math.floor(view.top / HEIGHT) - MORE);
  const end = Math.min(rows.length, Math.ceil((view.top + view.height) / HEIGHT) + MORE);
  return (
    <section
      ref={(element) => {
        own.current = element;
        scroller(element);
      }}
      className="compare-pane"
      aria-label={name}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reached by keys
      tabIndex={0}
      onScroll={() => {
        look();
        onScroll();
      }}
    >
      <ol style={{ height: rows.length * HEIGHT }}>
        {placed(rows, first, end).map(({ row, top }) => (
          <Line key={top} row={row} line={row[side]} lines={lines} top={top} side={side} />
        ))}
      </ol>
    </section>
  );
}

/** The rows in view, with where they stand. */
function placed(rows: readonly Row[], first: number, end: number): { row: Row; top: number }[] {
  return rows.slice(first, end).map((row, at) => ({ row, top: (first + at) * HEIGHT }));
}

type LineProps = { row: Row; line: number | null; lines: readonly string[]; top: number; side: "left" | "right" };

function Line({ row, line, lines, top, side }: LineProps) {
  const kind = row.hidden ? "hidden" : line === null ? "none" : row.equal ? "equal" : side;
  return (
    <li className="compare-row" data-kind={kind} style={{ top }} dir="ltr">
      <span className="compare-number">{line !== null && line + 1}</span>
      {row.hidden && `⋯ ${row.hidden.toLocaleString("en")} equal ${row.hidden === 1 ? "line" : "lines"}`}
      {kind === side && <span className="compare-sign">≠ </span>}
      {line !== null && <span>{shown(lines[line] ?? "")}</span>}
    </li>
  );
}
