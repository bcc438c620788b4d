/** How reads fail, in words, and how long to wait before the next one. */

import { isFields } from "./wire";

/** Reads a path of the api with its query; raises what `reasonOf` can name. */
export type Read = (path: string, query: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<unknown>;

/** Returns after so many milliseconds, or at once when aborted. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

const FIRST_MS = 500;
const LAST_MS = 30_000;

/** Doubled with each try that led to nothing, and spread, so that not all pages come back at once. */
export function delay(tries: number, random: () => number = Math.random): number {
  if (tries === 0) return 0;
  return Math.min(LAST_MS, FIRST_MS * 2 ** (tries - 1)) * (0.75 + random() / 2);
}

export const wait: Wait = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });

/** The HTTP status of a failure; 0 if there was no answer. */
export function statusOf(error: unknown): number {
  return isFields(error) && typeof error.status === "number" ? error.status : 0;
}

/** What went wrong, for a hole's row. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error && error.message ? error.message : "the server cannot be reached";
  const status = statusOf(error);
  return status > 0 && !message.includes(String(status)) ? `${message} (${status})` : message;
}
