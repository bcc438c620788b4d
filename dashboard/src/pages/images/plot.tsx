/** A chart by uPlot: as wide as its place, in the colours of the theme. What it shows is also a table elsewhere. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { usePreferences } from "../../ui/preferences";
import { type Ink, inkOf, onColours } from "./ink";
import type { Columns } from "./series";

const HEIGHT = 200;

interface Props {
  /** What it shows, in a sentence. */
  label: string;
  data: Columns;
  options: (ink: Ink) => Omit<uPlot.Options, "width" | "height">;
  /** Called with the index of what was clicked at. */
  onChoose?: (index: number) => void;
}

export function Plot({ label, data, options, onChoose }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const { theme } = usePreferences();
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    element.dataset.drawnIn = theme;
    return drawn(element, data, options);
  }, [data, options, theme]);
  const choose = () => {
    const index = chosen(place.current);
    if (index !== undefined) onChoose?.(index);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: by keyboard the same executions are links in the table
    <div ref={place} className="plot" role="img" aria-label={label} onClick={choose} />
  );
}

const plots = new WeakMap<HTMLElement, uPlot>();

function drawn(element: HTMLElement, data: Columns, options: Props["options"]): () => void {
  const draw = () => {
    plots.get(element)?.destroy();
    const size = { width: Math.max(element.clientWidth, 100), height: HEIGHT };
    plots.set(element, new uPlot({ ...options(inkOf(element)), ...size }, data as uPlot.AlignedData, element));
  };
  draw();
  const resized = new ResizeObserver(() => plots.get(element)?.setSize({ width: element.clientWidth, height: HEIGHT }));
  resized.observe(element);
  const stop = onColours(draw);
  return () => {
    stop();
    resized.disconnect();
    plots.get(element)?.destroy();
    plots.delete(element);
  };
}

function chosen(element: HTMLElement | null): number | undefined {
  return (element && plots.get(element)?.cursor.idx) ?? undefined;
}
