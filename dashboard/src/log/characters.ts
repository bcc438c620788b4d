/** Characters that a reader cannot see, or that turn others around: they are shown by their code, as `‹U+202E›`. */

/* Controls but tab, bidi controls, what is invisible or breaks lines, fillers, tags. Joiners and variation selectors
   belong to scripts and emoji. */
export const CODED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex lint/suspicious/noMisleadingCharacterClass: these are what it finds
  /[\0-\x08\n-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

/** How such a character is shown. */
export function code(character: string): string {
  return `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}›`;
}
