/** Links in a line, found by their text. */

import { CODED } from "./characters";

export interface Link {
  readonly start: number;
  readonly end: number;
  readonly href: string;
}

const URLS = /\bhttps?:\/\/[^\s"'`<>‹›\\^{|}]+/gi;
const PUNCTUATION = /[.,;:!?*'"…]$/;
const PAIRS: Record<string, string> = { ")": "(", "]": "[" };

/** The `http:` and `https:` links of a line, in order. What closes a sentence or a bracket around one is not part of it. */
export function linksOf(plain: string): Link[] {
  if (!plain.includes("://")) return [];
  const links: Link[] = [];
  for (const found of plain.matchAll(URLS)) {
    const text = trimmed(found[0]);
    if (usable(text)) links.push({ start: found.index, end: found.index + text.length, href: text });
  }
  return links;
}

function usable(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** Cut before a character that is shown by its code, and without what belongs to the sentence. */
function trimmed(found: string): string {
  const hidden = found.search(CODED);
  let text = hidden < 0 ? found : found.slice(0, hidden);
  while (PUNCTUATION.test(text) || unpaired(text)) text = text.slice(0, -1);
  return text;
}

function unpaired(text: string): boolean {
  const closing = text.at(-1) ?? "";
  const opening = PAIRS[closing];
  return opening !== undefined && text.split(closing).length > text.split(opening).length;
}
