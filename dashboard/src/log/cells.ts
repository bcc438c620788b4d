/** How many columns of a fixed grid a line takes, as `text.ts` shows it. An estimate: fonts have the last word. */

import { CODED, code } from "./characters";

const TAB = 8;
const NARROW = /^[ -~]*$/;
/* East Asian Wide and Fullwidth but emoji. https://www.unicode.org/reports/tr11/ */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4c6\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{2fffd}\u{30000}-\u{3fffd}]/u;
/* Combining marks, formats, and the vowels and finals that join a Hangul syllable; not the Arabic signs that enclose. */
const ZERO = /(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2])[\p{Mn}\p{Me}\p{Cf}\u1161-\u11ff\ud7b0-\ud7fb]/u;
const EMOJI = /\p{Emoji_Presentation}(?<!\p{RI})/u;
const PICTURE = /\p{Extended_Pictographic}/u;
const MODIFIER = /\p{Emoji_Modifier}/u;
const SELECTABLE = /\p{Emoji}/u;
const JOINER = "\u200d";
const AS_EMOJI = "\ufe0f";

/** The columns of a line without control sequences, tabs to every eighth. */
export function cells(line: string): number {
  if (NARROW.test(line)) return line.length;
  let column = 0;
  let before = "";
  for (const character of line.endsWith("\r") ? line.slice(0, -1) : line) {
    if (character >= " " && character <= "~") {
      column += 1;
      before = character;
    } else {
      column += width(character, before, column);
      before = shapes(before, character);
    }
  }
  return column;
}

/** What the next character joins: a mark leaves that what it was. */
function shapes(before: string, character: string): string {
  if (character === JOINER && PICTURE.test(before)) return JOINER;
  return ZERO.test(character) ? before : character;
}

function width(character: string, before: string, column: number): number {
  if (character === "\t") return TAB - (column % TAB);
  if (CODED.test(character)) return code(character).length;
  if (character === AS_EMOJI) return SELECTABLE.test(before) && alone(before) === 1 ? 1 : 0;
  if (ZERO.test(character)) return 0;
  if (before === JOINER && PICTURE.test(character)) return 0;
  if (MODIFIER.test(character) && PICTURE.test(before)) return 0;
  return alone(character);
}

function alone(character: string): 1 | 2 {
  return WIDE.test(character) || EMOJI.test(character) ? 2 : 1;
}
