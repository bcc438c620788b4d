/** Colours by lightness, chroma and hue, and how well one is read on another. https://bottosson.github.io/posts/oklab/ */

/** Lightness from 0 to 1, chroma, hue in degrees. */
export type Oklch = readonly [number, number, number];
/** sRGB, each from 0 to 255. */
export type Rgb = readonly [number, number, number];

const STEPS = 10;

/** The WCAG contrast of two colours, from 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The colour in sRGB, with as much of its chroma as there is room for. */
export function toRgb([lightness, chroma, hue]: Oklch): Rgb {
  const wanted = linear(lightness, chroma, hue);
  if (inGamut(wanted)) return encoded(wanted);
  let [low, high] = [0, chroma];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (inGamut(linear(lightness, middle, hue))) low = middle;
    else high = middle;
  }
  return encoded(linear(lightness, low, hue));
}

export function toOklch(rgb: Rgb): Oklch {
  const [red, green, blue] = rgb.map(decoded) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const b = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  const lightness = 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
  return [lightness, Math.hypot(a, b), (Math.atan2(b, a) * 180) / Math.PI];
}

/** The colour moved in lightness, no farther than it has to be, until it is read on the ground with this contrast. */
export function readable(colour: Rgb, ground: Rgb, least: number): Rgb {
  if (contrast(colour, ground) >= least) return colour;
  const end = contrast([255, 255, 255], ground) >= contrast([0, 0, 0], ground) ? 1 : 0;
  return moved(colour, end, (tried) => contrast(tried, ground) >= least);
}

/** The colour moved in lightness towards the ground as far as this contrast allows. */
export function dimmed(colour: Rgb, ground: Rgb, least: number): Rgb {
  const from = readable(colour, ground, least);
  const end = toOklch(ground)[0];
  const [lightness, chroma, hue] = toOklch(from);
  let [near, far] = [lightness, end];
  for (let step = 0; step < STEPS; step++) {
    const middle = (near + far) / 2;
    if (contrast(toRgb([middle, chroma, hue]), ground) >= least) near = middle;
    else far = middle;
  }
  return near === lightness ? from : toRgb([near, chroma, hue]);
}

function moved(colour: Rgb, end: number, enough: (tried: Rgb) => boolean): Rgb {
  const [lightness, chroma, hue] = toOklch(colour);
  let [short, far] = [lightness, end];
  for (let step = 0; step < STEPS; step++) {
    const middle = (short + far) / 2;
    if (enough(toRgb([middle, chroma, hue]))) far = middle;
    else short = middle;
  }
  return toRgb([far, chroma, hue]);
}

function luminance(rgb: Rgb): number {
  return 0.2126 * decoded(rgb[0]) + 0.7152 * decoded(rgb[1]) + 0.0722 * decoded(rgb[2]);
}

function linear(lightness: number, chroma: number, hue: number): Rgb {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function inGamut(colour: Rgb): boolean {
  return colour.every((each) => each >= -1e-4 && each <= 1 + 1e-4);
}

function decoded(value: number): number {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

function encoded(colour: Rgb): Rgb {
  return colour.map((each) => {
    const share = Math.min(1, Math.max(0, each));
    return Math.round(255 * (share <= 0.0031308 ? 12.92 * share : 1.055 * share ** (1 / 2.4) - 0.055));
  }) as unknown as Rgb;
}
