/** What the parameters of one SGR sequence do to a style. */

import {
  BOLD,
  type Colour,
  DEFAULT,
  DIM,
  INVERSE,
  ITALIC,
  OVERLINE,
  STRIKE,
  type Style,
  styled,
  TRUE_COLOUR,
  UNDERLINE,
} from "./style";

interface Draft {
  fg: Colour;
  bg: Colour;
  flags: number;
}

const SET: Record<number, number> = {
  1: BOLD,
  2: DIM,
  3: ITALIC,
  4: UNDERLINE,
  7: INVERSE,
  9: STRIKE,
  21: UNDERLINE,
  53: OVERLINE,
};
const UNSET: Record<number, number> = {
  22: BOLD | DIM,
  23: ITALIC,
  24: UNDERLINE,
  27: INVERSE,
  29: STRIKE,
  55: OVERLINE,
};
const EXTENDED = new Set([38, 48, 58]);
/** How many numbers follow the kind of an extended colour: transparent, RGB, CMY, CMYK, palette. */
const COMPONENTS: Record<number, number> = { 2: 3, 3: 3, 4: 4, 5: 1 };

/** The style after `ESC [ parameters m`; what is unknown or out of range changes nothing. */
export function applied(parameters: string, style: Style): Style {
  const draft: Draft = { fg: style.fg, bg: style.bg, flags: style.flags };
  const fields = parameters.split(";");
  for (let at = 0; at < fields.length; ) at += take(draft, fields, at);
  return styled(style, draft.fg, draft.bg, draft.flags);
}

/** Does what the field at this place says, and returns how many fields that took. */
function take(draft: Draft, fields: readonly string[], at: number): number {
  const field = fields[at] ?? "";
  if (field.includes(":")) {
    withParts(draft, field.split(":").map(Number));
    return 1;
  }
  const code = Number(field);
  if (!EXTENDED.has(code)) {
    plainly(draft, code);
    return 1;
  }
  const kind = Number(fields[at + 1]);
  const rest = fields.slice(at + 2, at + 2 + (COMPONENTS[kind] ?? 0)).map(Number);
  paint(draft, code, colour(kind, rest));
  return 2 + rest.length;
}

function plainly(draft: Draft, code: number): void {
  if (code === 0) Object.assign(draft, { fg: DEFAULT, bg: DEFAULT, flags: 0 });
  else if (code in SET) draft.flags |= SET[code] ?? 0;
  else if (code in UNSET) draft.flags &= ~(UNSET[code] ?? 0);
  else if (code === 39 || code === 49) paint(draft, code - 1, DEFAULT);
  else if (code >= 30 && code <= 37) draft.fg = code - 30;
  else if (code >= 40 && code <= 47) draft.bg = code - 40;
  else if (code >= 90 && code <= 97) draft.fg = code - 82;
  else if (code >= 100 && code <= 107) draft.bg = code - 92;
}

/** A field with sub-parameters. `38:2` has a colour space before its numbers, but for those that leave it out. */
function withParts(draft: Draft, parts: readonly number[]): void {
  const [code = 0, kind = 0] = parts;
  if (code === 4 && kind <= 5) draft.flags = kind === 0 ? draft.flags & ~UNDERLINE : draft.flags | UNDERLINE;
  else if (EXTENDED.has(code)) paint(draft, code, colour(kind, parts.slice(kind === 2 && parts.length > 5 ? 3 : 2)));
}

function paint(draft: Draft, code: number, painted: Colour | null): void {
  if (painted === null) return;
  if (code === 38) draft.fg = painted;
  else if (code === 48) draft.bg = painted;
}

function colour(kind: number, numbers: readonly number[]): Colour | null {
  const count = kind === 5 ? 1 : kind === 2 ? 3 : 0;
  const [red = 0, green = 0, blue = 0] = numbers;
  if (count === 0 || numbers.length < count || !numbers.slice(0, count).every((each) => each <= 255)) return null;
  return count === 1 ? red : TRUE_COLOUR + red * 0x10000 + green * 0x100 + blue;
}
