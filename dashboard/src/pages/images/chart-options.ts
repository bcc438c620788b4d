/** How the charts are drawn. */
import uPlot from "uplot";
import { duration } from "../../ui/duration";
import type { Ink } from "./ink";
import { failedOf } from "./outcome";
import { KINDS } from "./series";
import type { History } from "./use-images";

type Options = Omit<uPlot.Options, "width" | "height">;

const DAY = 86_400;
const DOT = 6;

/** Bars that stand on each other; each kind's legend tells its own count, not its top. */
export function dayOptions(ink: Ink): Options {
  const bars = uPlot.paths.bars?.({ size: [0.7, 40], align: 1 });
  return {
    axes: [timeAxis(ink), { ...axis(ink), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] }],
    scales: {
      x: { range: (_, from, to) => [from, to + DAY] },
      y: { range: (_, _least, most) => [0, Math.max(1, most * 1.05)] },
    },
    series: [
      { label: "day", value: (_, at) => (at == null ? "" : new Date(at * 1000).toLocaleDateString()) },
      ...KINDS.map(({ name, tone }, index) => ({
        label: name,
        stroke: ink[tone],
        fill: ink[tone],
        width: 0,
        points: { show: false },
        ...(bars ? { paths: bars } : {}),
        value: (plot: uPlot, top: number | null, _series: number, at: number | null) =>
          top === null || at === null ? "" : String(top - below(plot, index + 2, at)),
      })),
    ],
    cursor: { drag: { x: false, y: false }, points: { show: false } },
  };
}

/** The top of the kind that stands below, 0 below the last. */
function below(plot: uPlot, series: number, at: number): number {
  return plot.data[series]?.[at] ?? 0;
}

/** Dots, so that outliers are seen that an average hides. */
export function durationOptions(ink: Ink): Options {
  const values = (_: uPlot, seconds: number[]) => seconds.map((each) => duration(each * 1000));
  return {
    axes: [timeAxis(ink), { ...axis(ink), values, size: 70 }],
    scales: { y: { range: (_, _least, most) => [0, Math.max(1, most * 1.05)] } },
    series: [
      { label: "started", value: (_, at) => (at == null ? "" : new Date(at * 1000).toLocaleString()) },
      ...KINDS.map(({ name, tone }) => ({
        label: name,
        stroke: ink[tone],
        paths: () => null,
        points: { show: true, size: DOT, fill: ink[tone], space: 0 },
        value: (_: uPlot, seconds: number | null) => (seconds == null ? "" : duration(seconds * 1000)),
      })),
    ],
    cursor: { drag: { x: false, y: false }, dataIdx: nearest },
  };
}

/** The index of the dot nearest to the pointer in time, whatever its kind. */
function nearest(_: uPlot, _series: number, closest: number): number {
  return closest;
}

function axis(ink: Ink): uPlot.Axis {
  const grid = { stroke: ink.line, width: 1 };
  return { stroke: ink.muted, grid, ticks: grid };
}

function timeAxis(ink: Ink): uPlot.Axis {
  return { ...axis(ink), grid: { show: false } };
}

/** What the bars say, in words. */
export function countsOf({ totals: { counts } }: History): string {
  return `${counts.PASSED} passed, ${counts.UNSTABLE} unstable, ${failedOf(counts)} failed`;
}
