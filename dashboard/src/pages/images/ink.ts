/** The colours of the theme as a canvas takes them: the browser resolves what the tokens say. */

export type Ink = Record<"text" | "muted" | "line" | "green" | "red" | "yellow", string>;

const NAMES = ["text", "muted", "line", "green", "red", "yellow"] as const;

/** Returns each token's colour as it is now within an element. */
export function inkOf(element: HTMLElement): Ink {
  const probe = document.createElement("span");
  element.append(probe);
  const colours = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(colours) as Ink;
}

/** Calls back when the system's theme or contrast changes; returns what stops it. */
export function onColours(handler: () => void): () => void {
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));
  for (const query of queries) query.addEventListener("change", handler);
  return () => {
    for (const query of queries) query.removeEventListener("change", handler);
  };
}
