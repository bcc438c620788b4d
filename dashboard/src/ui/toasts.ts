/** What is said for a while beside the page, such as an action that failed. Failures stay until dismissed. */

export interface Toast {
  id: number;
  text: string;
  kind: "done" | "failed";
  /** A second line, such as the code and request id of an error. */
  small?: string | undefined;
  again?: (() => void) | undefined;
}

const MOST = 5;
const DONE_MS = 6000;

/** Keeps the newest few toasts, and tells whoever shows them. */
export class Toasts {
  #all: readonly Toast[] = [];
  #last = 0;
  #listeners = new Set<() => void>();

  get all(): readonly Toast[] {
    return this.#all;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Says that something is done, for a few seconds. */
  done(text: string): void {
    const id = this.#add({ text, kind: "done" });
    setTimeout(() => this.dismiss(id), DONE_MS);
  }

  /** Says that something failed; `again` tries it once more. */
  failed(text: string, { small, again }: Pick<Toast, "small" | "again"> = {}): void {
    this.#add({ text, kind: "failed", small, again });
  }

  dismiss(id: number): void {
    this.#set(this.#all.filter((toast) => toast.id !== id));
  }

  clear(): void {
    this.#set([]);
  }

  #add(toast: Omit<Toast, "id">): number {
    this.#last += 1;
    this.#set([...this.#all, { ...toast, id: this.#last }].slice(-MOST));
    return this.#last;
  }

  #set(all: readonly Toast[]): void {
    this.#all = all;
    for (const listener of this.#listeners) listener();
  }
}

/** The toasts of this page. */
export const toasts = new Toasts();
