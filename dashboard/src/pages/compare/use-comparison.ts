/** Two attempts' output, read and compared. */
import { useQuery } from "@tanstack/react-query";
import { download } from "../../api/client";
import { keyOf } from "./alike";
import { patience } from "./patience";
import { type Row, rowsOf } from "./rows";
import { inSlices } from "./slices";

export interface Comparison {
  left: readonly string[];
  right: readonly string[];
  rows: readonly Row[];
}

/** So many lines a side are compared; more are side by side only. */
export const MOST_LINES = 50_000;
const MOST_BYTES = 32_000_000;

/** Answers null where one of them is too long. */
export function useComparison(taskId: string, createdAt: string, [left, right]: readonly [number, number]) {
  return useQuery({
    queryKey: ["comparison", taskId, createdAt, left, right],
    queryFn: async ({ signal }) => {
      const [one, other] = await Promise.all([linesOf(taskId, left, signal), linesOf(taskId, right, signal)]);
      return one && other ? compared(one, other, signal) : null;
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

/** Compares two outputs without keeping the page from anything. */
export async function compared(
  left: readonly string[],
  right: readonly string[],
  signal: AbortSignal,
): Promise<Comparison> {
  const rows = await inSlices(compare(left, right), signal);
  return { left, right, rows };
}

function* compare(left: readonly string[], right: readonly string[]): Generator<void, Row[]> {
  const [a, b] = [yield* keys(left), yield* keys(right)];
  return rowsOf(yield* patience(a, b), left.length, right.length);
}

function* keys(lines: readonly string[]): Generator<void, string[]> {
  const found: string[] = [];
  for (const line of lines) {
    found.push(keyOf(line));
    if (found.length % 500 === 0) yield;
  }
  return found;
}

async function linesOf(taskId: string, attempt: number, signal: AbortSignal): Promise<string[] | null> {
  const path = `/api/executions/${encodeURIComponent(taskId)}/logs?format=text&attempt=${attempt}`;
  const blob = await download(path, signal);
  if (blob.size > MOST_BYTES) return null;
  const lines = (await blob.text()).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.length > MOST_LINES ? null : lines;
}
