/** Whether the view stays at the end: on where the end is in view, off as soon as the reader scrolls up. */
export class Follow {
  private following = false;
  private missed = 0;

  constructor(private readonly told: () => void = () => {}) {}

  get on(): boolean {
    return this.following;
  }

  /** How many lines came since the reader left the end. */
  get unseen(): number {
    return this.missed;
  }

  left(): void {
    if (!this.following) return;
    this.following = false;
    this.told();
  }

  reached(): void {
    if (this.following && this.missed === 0) return;
    this.following = true;
    this.missed = 0;
    this.told();
  }

  appended(lines: number): void {
    if (this.following || lines === 0) return;
    this.missed += lines;
    this.told();
  }
}
