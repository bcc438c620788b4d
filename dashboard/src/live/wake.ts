/** When the page comes back: seen again after a while, out of the browser's memory, or with a network again. */

const HIDDEN_MS = 5000;

/** Calls back when what is shown may be behind; returns what stops it. Without a browser never. */
export function onWake(handler: () => void): () => void {
  if (typeof document === "undefined") return () => {};
  const controller = new AbortController();
  const { signal } = controller;
  let hiddenAt = document.hidden ? 0 : Number.POSITIVE_INFINITY;
  const seen = () => {
    if (document.hidden) hiddenAt = Date.now();
    else if (Date.now() - hiddenAt > HIDDEN_MS) handler();
  };
  document.addEventListener("visibilitychange", seen, { signal });
  window.addEventListener("online", handler, { signal });
  window.addEventListener("pageshow", (event) => event.persisted && handler(), { signal });
  return () => controller.abort();
}
