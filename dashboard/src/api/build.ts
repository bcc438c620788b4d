/** Which build of the page this is, and whether the server has another one by now. */
import { unreachable } from "./problem";

const SCRIPT = /<script[^>]+src="(\/assets\/[^"]+)"/;
const TIMEOUT_MS = 10_000;

/** Whether the server's page is another than this one; an answer that is no page of ours says nothing. */
export async function isOutdated(): Promise<boolean> {
  const mine = document.querySelector<HTMLScriptElement>('script[type="module"][src]');
  const init = { headers: { Accept: "text/html" }, cache: "no-cache" as const, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const response = await fetch("/", init).catch((error) => Promise.reject(unreachable(error)));
  const theirs = response.ok ? SCRIPT.exec(await response.text())?.[1] : undefined;
  return mine !== null && theirs !== undefined && theirs !== new URL(mine.src).pathname;
}
