import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contrast, dimmed, type Oklch, type Rgb, readable, toOklch, toRgb } from "../../src/log/oklch";
import { COLOURS, Palette, type Theme } from "../../src/log/palette";
import { BOLD, DEFAULT, DIM, INVERSE, PLAIN, type Style, TRUE_COLOUR, UNDERLINE } from "../../src/log/style";

const THEMES: Theme[] = ["light", "dark"];
const GROUNDS: Record<Theme, Rgb[]> = {
  light: [toRgb([0.99, 0.003, 255]), toRgb([0.965, 0.005, 255])],
  dark: [toRgb([0.18, 0.015, 255]), toRgb([0.22, 0.017, 255])],
};
const css = (name: string) => readFileSync(new URL(`../../src/${name}`, import.meta.url), "utf8");
const rgb = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255));
const parsed = (text: string) => text.match(/\d+/g)?.map(Number) as unknown as Rgb;

/** What is drawn: the colour of a text and what is behind it. */
function drawn(theme: Theme, style: Style): [Rgb, Rgb] {
  const { classes, color, background } = new Palette(theme).look(style);
  const of = (name: string) => {
    const number = classes.match(new RegExp(`sgr-${name}-(\\d+)`))?.[1];
    return number === undefined ? null : toRgb(COLOURS[theme][Number(number)] as Oklch);
  };
  const [ground, text] = COLOURS[theme].slice(16).map(toRgb) as [Rgb, Rgb];
  const inverse = /sgr-inverse/.test(classes);
  const front = color ? parsed(color) : (of("fg") ?? (inverse ? ground : text));
  return [front, background ? parsed(background) : (of("bg") ?? (inverse ? text : ground))];
}

describe("the 16 colours", () => {
  it.each(THEMES)("are read on both grounds of the %s theme", (theme) => {
    for (const colour of COLOURS[theme].slice(0, 16))
      for (const ground of GROUNDS[theme]) expect(contrast(toRgb(colour), ground)).toBeGreaterThanOrEqual(4.7);
  });

  it("are those of the tokens", () => {
    const styles = css("styles/tokens.css") + css("log/palette.css");
    const names = [...Array(16).keys()].map((number) => `--ansi-${number}`).concat("--surface", "--text");
    names.forEach((name, number) => {
      const alias = styles.match(new RegExp(`${name}: var\\((--\\w+)\\)`))?.[1] ?? name;
      const found = styles.match(new RegExp(`${alias}: light-dark\\(oklch\\((.*?)\\), oklch\\((.*?)\\)\\)`));
      const values = found?.slice(1).map((value) => value.split(" ").map(Number));
      expect([name, ...(values ?? [])]).toEqual([name, COLOURS.light[number], COLOURS.dark[number]]);
    });
  });
});

describe("a look", () => {
  it.each([
    [PLAIN, ""],
    [{ fg: 1, bg: DEFAULT, flags: BOLD | UNDERLINE }, "sgr-bold sgr-underline sgr-fg-1"],
    [{ fg: DEFAULT, bg: DEFAULT, flags: DIM }, "sgr-dim"],
    [{ fg: DEFAULT, bg: DEFAULT, flags: INVERSE }, "sgr-inverse"],
    [{ fg: DEFAULT, bg: 4, flags: 0 }, "sgr-bg-4"],
    [{ fg: 2, bg: DEFAULT, flags: INVERSE }, "sgr-inverse sgr-bg-2"],
  ])("of %j has the classes %j", (style, classes) => {
    expect(new Palette("dark").look(style).classes).toBe(classes);
  });

  it("leaves a colour that is read as it is", () => {
    expect(new Palette("dark").look({ fg: TRUE_COLOUR + 0xffcc00, bg: DEFAULT, flags: 0 }).color).toBe(
      "rgb(255 204 0)",
    );
    expect(new Palette("light").look({ fg: 17, bg: DEFAULT, flags: 0 }).color).toBe("rgb(0 0 95)");
    expect(new Palette("dark").look({ fg: 255, bg: DEFAULT, flags: 0 }).color).toBe("rgb(238 238 238)");
  });

  it("is made once", () => {
    const palette = new Palette("dark");
    expect(palette.look({ fg: 99, bg: 1, flags: 0 })).toBe(palette.look({ fg: 99, bg: 1, flags: 0 }));
  });

  it("is forgotten when there are too many", () => {
    const palette = new Palette("dark");
    for (let colour = 0; colour < 10_000; colour++) palette.look({ fg: TRUE_COLOUR + colour, bg: DEFAULT, flags: 0 });
    expect(palette.size).toBeLessThanOrEqual(4096);
  });

  const colour = fc.oneof(
    fc.constant(DEFAULT),
    fc.nat(255),
    fc.nat(0xffffff).map((value) => TRUE_COLOUR + value),
  );
  const style = fc.record({ fg: colour, bg: colour, flags: fc.constantFrom(0, DIM, INVERSE, DIM | INVERSE) });
  it.each(THEMES)("is read on the %s theme, whatever it is", (theme) => {
    fc.assert(
      fc.property(style, (any) => {
        if (any.fg === DEFAULT && any.bg === DEFAULT) return;
        const [front, behind] = drawn(theme, any);
        expect(contrast(front, behind)).toBeGreaterThanOrEqual(4.5);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("colours", () => {
  it("are the same there and back", () => {
    fc.assert(
      fc.property(rgb, (colour) => {
        expect(toRgb(toOklch(colour))).toEqual(colour);
      }),
    );
  });

  it("keep their hue when they are moved, and are moved no farther than needed", () => {
    const moved = readable([0, 0, 160], [20, 20, 20], 4.5);
    expect(toOklch(moved)[2]).toBeCloseTo(toOklch([0, 0, 160])[2], -1);
    expect(contrast(moved, [20, 20, 20])).toBeLessThan(4.7);
    expect(contrast(dimmed([255, 255, 255], [20, 20, 20], 4.5), [20, 20, 20])).toBeLessThan(4.7);
  });
});
