/** How a piece of terminal text looks, as its SGR sequences say; `palette.ts` has how it is drawn. */

/** A colour: `DEFAULT`, 0 to 255 of the palette, or `TRUE_COLOUR + 0xRRGGBB`. */
export type Colour = number;
export const DEFAULT: Colour = -1;
export const TRUE_COLOUR = 0x1000000;

export const BOLD = 1;
export const DIM = 2;
export const ITALIC = 4;
export const UNDERLINE = 8;
export const STRIKE = 16;
export const INVERSE = 32;
export const OVERLINE = 64;

/** Never changed; `PLAIN` itself wherever nothing is set, so that it compares by identity. */
export interface Style {
  readonly fg: Colour;
  readonly bg: Colour;
  /** `BOLD` to `OVERLINE`, added up. */
  readonly flags: number;
}

/** What a line hands on to the next one. */
export type SgrState = Style;

export const PLAIN: Style = Object.freeze({ fg: DEFAULT, bg: DEFAULT, flags: 0 });

/** The style with these parts: `PLAIN` or `before` itself if they are equal. */
export function styled(before: Style, fg: Colour, bg: Colour, flags: number): Style {
  if (fg === before.fg && bg === before.bg && flags === before.flags) return before;
  if (fg === DEFAULT && bg === DEFAULT && flags === 0) return PLAIN;
  return { fg, bg, flags };
}
