/** The chart of the last hour. It is drawn anew where its colours or its width change. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { onPreferences } from "../../../ui/preferences";
import type { History } from "./activity";

const HEIGHT = 72;
const SECOND_MS = 1000;

export default function Plot({ history }: { history: History }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => (place.current ? drawn(place.current, dataOf(history)) : undefined), [history]);
  return <div ref={place} />;
}

/** Draws it until what it returns is called. */
function drawn(place: HTMLElement, data: uPlot.AlignedData): () => void {
  let plot: uPlot | undefined;
  const draw = () => {
    plot?.destroy();
    plot = new uPlot(options(place), data, place);
  };
  const sized = new ResizeObserver(draw);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const forget = onPreferences(draw);
  sized.observe(place);
  dark.addEventListener("change", draw);
  return () => {
    sized.disconnect();
    dark.removeEventListener("change", draw);
    forget();
    plot?.destroy();
  };
}

function dataOf({ buckets }: History): uPlot.AlignedData {
  const times = buckets.map(({ at }) => Date.parse(at) / SECOND_MS);
  return [times, buckets.map(({ running }) => running), buckets.map(({ waiting }) => waiting)];
}

function options(place: HTMLElement): uPlot.Options {
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const paths = stepped ? { paths: stepped } : {};
  const axis = { stroke: colour(place, "--muted"), grid: { show: false }, font: "12px system-ui" };
  const [accent, yellow] = [colour(place, "--accent"), colour(place, "--yellow")];
  return {
    width: Math.max(place.clientWidth, 1),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(most, 1)] } },
    axes: [
      { ...axis, size: 20, ticks: { show: false }, values: (_, times) => times.map(clock) },
      { ...axis, size: 36, ticks: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000] },
    ],
    series: [
      {},
      { stroke: accent, width: 2, points: { show: false }, ...paths },
      { stroke: yellow, width: 2, dash: [4, 3], points: { show: false }, ...paths },
    ],
  };
}

function clock(seconds: number): string {
  return new Date(seconds * SECOND_MS).toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
}

/** Returns a token's colour in the theme that holds, as a canvas takes it. */
function colour(place: HTMLElement, token: string): string {
  place.style.color = `var(${token})`;
  const found = getComputedStyle(place).color;
  place.style.color = "";
  return found;
}
