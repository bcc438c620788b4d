/** The icon of the tab: it carries the state, as the title does. */
import { useEffect } from "react";
import { statusWords } from "../../ui/status";

/** Colours that stand out on light and dark bars of tabs; a picture cannot read the page's tokens. */
const COLOURS: Record<string, string> = { green: "#1a9850", red: "#d33", yellow: "#b58900", accent: "#3b7ddd" };
const OTHER = "#888";

/** Shows a status as the icon while a component is shown. */
export function useIcon(status: string): void {
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (!link) return;
    const before = link.href;
    link.href = iconOf(status);
    return () => {
      link.href = before;
    };
  }, [status]);
}

/** A picture of a status, as an address. */
export function iconOf(status: string): string {
  const { glyph, tone } = statusWords(status);
  const text = `<text x="8" y="12" font-size="11" text-anchor="middle" font-family="sans-serif" fill="#fff">${glyph}</text>`;
  const circle = `<circle cx="8" cy="8" r="8" fill="${COLOURS[tone] ?? OTHER}"/>`;
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${circle}${text}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(picture)}`;
}
