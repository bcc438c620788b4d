/** What the ruler shows, each as parts of the whole output from 0 to 1. */
export type Ticks = { kind: TickKind; at: Iterable<number> }[];

export type TickKind = "stderr" | "heading" | "failure" | "match" | "marked";

const COLOURS: Record<TickKind, string> = {
  stderr: "--yellow",
  heading: "--muted",
  failure: "--red",
  match: "--accent",
  marked: "--magenta",
};

const REFRESH_MS = 200;

/** Ticks beside the scrollbar: where in all of the output something is. Drawn a few times a second at most. */
export class Ruler {
  readonly element = document.createElement("canvas");
  private due = false;

  constructor(
    private readonly ticks: () => Ticks,
    jump: (part: number) => void,
  ) {
    this.element.className = "log-ruler";
    this.element.setAttribute("aria-hidden", "true");
    this.element.addEventListener("click", (event) => jump(event.offsetY / Math.max(1, this.element.clientHeight)));
  }

  /** Draws again soon: what comes meanwhile is drawn with it. */
  refresh(): void {
    if (this.due) return;
    this.due = true;
    setTimeout(() => {
      this.due = false;
      this.draw();
    }, REFRESH_MS);
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    this.element.width = width * devicePixelRatio;
    this.element.height = height * devicePixelRatio;
    const context = this.element.getContext("2d");
    if (!context || height === 0) return;
    context.scale(devicePixelRatio, devicePixelRatio);
    for (const { kind, at } of this.ticks()) {
      this.element.style.color = `var(${COLOURS[kind]})`;
      context.fillStyle = getComputedStyle(this.element).color;
      for (const y of pixels(at, height)) context.fillRect(0, y, width, 2);
    }
  }
}

function pixels(parts: Iterable<number>, height: number): Set<number> {
  const seen = new Set<number>();
  for (const part of parts) seen.add(Math.min(height - 2, Math.floor(part * height)));
  return seen;
}
