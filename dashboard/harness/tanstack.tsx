/** The same output shown by TanStack Virtual, rows of fixed height: what the log view is measured beside. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { Chunks } from "../src/log/chunks";
import type { Lines } from "../src/log/lines";
import { Palette } from "../src/log/palette";
import { PLAIN } from "../src/log/style";
import { segments } from "../src/log/text";

const ROW = 18;
const BEYOND = 8;
const palette = new Palette("light");

/** A list of lines that stays at its end while it grows. */
export function TanStackView({ chunks, lines }: { chunks: Chunks; lines: Lines }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [count, setCount] = useState(chunks.lineCount);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: BEYOND,
  });
  useEffect(() => chunks.listen(() => setCount(chunks.lineCount)), [chunks]);
  useEffect(() => {
    if (count > 0) virtual.scrollToIndex(count - 1, { align: "end" });
  }, [count, virtual]);
  return (
    <div className="log-scroller" ref={scroller}>
      <div className="tanstack-content" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => (
          <div key={item.key} className="log-row tanstack-row" style={{ transform: `translateY(${item.start}px)` }}>
            <Line lines={lines} line={item.index} />
          </div>
        ))}
      </div>
    </div>
  );
}

function Line({ lines, line }: { lines: Lines; line: number }) {
  const row = lines.row(line);
  return (
    <>
      <a className="log-number" href={`#L${line + 1}`}>
        {line + 1}
      </a>
      <span className="log-text">
        {segments(row.text, row.state).segments.map((segment) => {
          if (segment.style === PLAIN) return segment.text;
          const { classes, color } = palette.look(segment.style);
          return (
            <span key={segment.start} className={classes} style={color === null ? undefined : { color }}>
              {segment.text}
            </span>
          );
        })}
      </span>
    </>
  );
}
