/** How styles are drawn: the 16 colours by classes (`palette.css`), all others moved in lightness until they are read. */

import { dimmed, type Oklch, type Rgb, readable, toRgb } from "./oklch";
import { type Colour, DEFAULT, DIM, INVERSE, type Style, TRUE_COLOUR } from "./style";

export type Theme = "light" | "dark";

/** Classes, and colours that are set as properties; null where the classes say it. */
export interface Look {
  readonly classes: string;
  readonly color: string | null;
  readonly background: string | null;
}

/** The 16 colours, then `--surface`, the ground that is harder to read on, and `--text`. */
export const COLOURS: Record<Theme, readonly Oklch[]> = {
  light: [
    [0.22, 0.02, 255],
    [0.5, 0.15, 25],
    [0.5, 0.15, 150],
    [0.5, 0.11, 85],
    [0.5, 0.15, 255],
    [0.5, 0.15, 320],
    [0.5, 0.11, 210],
    [0.42, 0.015, 255],
    [0.5, 0.02, 255],
    [0.45, 0.17, 25],
    [0.45, 0.14, 150],
    [0.45, 0.1, 85],
    [0.45, 0.17, 255],
    [0.45, 0.18, 320],
    [0.45, 0.1, 210],
    [0.3, 0.02, 255],
    [0.965, 0.005, 255],
    [0.22, 0.02, 255],
  ],
  dark: [
    [0.64, 0.015, 255],
    [0.75, 0.14, 25],
    [0.75, 0.14, 150],
    [0.75, 0.14, 85],
    [0.75, 0.14, 255],
    [0.75, 0.14, 320],
    [0.75, 0.14, 210],
    [0.85, 0.01, 255],
    [0.72, 0.02, 255],
    [0.83, 0.1, 25],
    [0.83, 0.15, 150],
    [0.83, 0.14, 85],
    [0.83, 0.09, 255],
    [0.83, 0.12, 320],
    [0.83, 0.12, 210],
    [0.97, 0.005, 255],
    [0.22, 0.017, 255],
    [0.93, 0.01, 255],
  ],
};
export const LEAST_CONTRAST = 4.5;

const GROUND = 16;
const TEXT = 17;
const MOST_LOOKS = 4096;
const FLAGS = ["bold", "dim", "italic", "underline", "strike", "inverse", "overline"];
const CUBE = [0, 95, 135, 175, 215, 255];

/** The looks of one theme, each made once; of more than `MOST_LOOKS` those before are forgotten. */
export class Palette {
  private readonly colours: readonly Rgb[];
  private readonly looks = new Map<string, Look>();

  constructor(theme: Theme) {
    this.colours = COLOURS[theme].map(toRgb);
  }

  /** How many looks are kept. */
  get size(): number {
    return this.looks.size;
  }

  look(style: Style): Look {
    const key = `${style.fg} ${style.bg} ${style.flags}`;
    const known = this.looks.get(key);
    if (known) return known;
    const made = this.made(style);
    if (this.looks.size >= MOST_LOOKS) this.looks.clear();
    this.looks.set(key, made);
    return made;
  }

  private made(style: Style): Look {
    const inverse = (style.flags & INVERSE) !== 0;
    const [fg, bg] = inverse ? [style.bg, style.fg] : [style.fg, style.bg];
    const classes = FLAGS.filter((_, bit) => style.flags & (1 << bit)).map((name) => `sgr-${name}`);
    if (bg === DEFAULT && fg === DEFAULT) return { classes: classes.join(" "), color: null, background: null };
    const plainly = fg >= 0 && fg < 16 && bg === DEFAULT && !inverse && !(style.flags & DIM);
    if (plainly) classes.push(`sgr-fg-${fg}`);
    if (bg >= 0 && bg < 16) classes.push(`sgr-bg-${bg}`);
    const behind = this.rgb(bg, inverse ? TEXT : GROUND);
    const color = plainly ? null : css(this.front(fg, behind, inverse ? GROUND : TEXT, style.flags));
    const drawn = bg >= 16 || (bg === DEFAULT && inverse);
    return { classes: classes.join(" "), color, background: drawn ? css(behind) : null };
  }

  private front(fg: Colour, behind: Rgb, otherwise: number, flags: number): Rgb {
    const wanted = this.rgb(fg, otherwise);
    return flags & DIM ? dimmed(wanted, behind, LEAST_CONTRAST) : readable(wanted, behind, LEAST_CONTRAST);
  }

  private rgb(colour: Colour, otherwise: number): Rgb {
    if (colour >= TRUE_COLOUR) return [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255];
    if (colour >= 232) return [0, 0, 0].map(() => 8 + 10 * (colour - 232)) as unknown as Rgb;
    if (colour >= 16) return cube(colour - 16);
    return this.colours[colour === DEFAULT ? otherwise : colour] as Rgb;
  }
}

function cube(place: number): Rgb {
  return [36, 6, 1].map((weight) => CUBE[Math.floor(place / weight) % 6]) as unknown as Rgb;
}

function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}
