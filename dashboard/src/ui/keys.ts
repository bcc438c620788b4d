/** Single keys and sequences of two ("g e"): what is bound now, and what a keystroke does. */
import { useEffect, useRef } from "react";
import { preferences } from "./preferences";

export interface Binding {
  /** As people read it: "?", "g e", "Delete". */
  keys: string;
  /** What it does, for the help. */
  label: string;
  run: () => void;
}

interface Scope {
  name: string;
  bindings: () => readonly Binding[];
}

const SEQUENCE_MS = 1500;
const TYPING = "input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable=true]";

/** Scopes of bindings, the newest first: what a dialog or a page binds goes before what is bound anywhere. */
export class Keys {
  #scopes: Scope[] = [];
  #begun = "";
  #begunAt = 0;

  /** Binds keys until what it returns is called. */
  add(scope: Scope): () => void {
    this.#scopes = [scope, ...this.#scopes];
    return () => {
      this.#scopes = this.#scopes.filter((each) => each !== scope);
    };
  }

  /** What is bound now, by scope, oldest first: what holds anywhere, then the page's. */
  get bound(): { name: string; bindings: readonly Binding[] }[] {
    return [...this.#scopes].reverse().map((scope) => ({ name: scope.name, bindings: scope.bindings() }));
  }

  /** Does what a keystroke is bound to; tells whether it was bound, or may begin a sequence. */
  press(key: string, at: number): boolean {
    const sequence = this.#begun && at - this.#begunAt < SEQUENCE_MS ? `${this.#begun} ${key}` : key;
    this.#begun = "";
    const all = this.#scopes.flatMap((scope) => scope.bindings());
    const binding = all.find((each) => each.keys === sequence) ?? all.find((each) => each.keys === key);
    if (binding) {
      binding.run();
      return true;
    }
    if (!all.some((each) => each.keys.startsWith(`${key} `))) return false;
    this.#begun = key;
    this.#begunAt = at;
    return true;
  }
}

/** The keys of this page. */
export const keys = new Keys();

/** Hears the keystrokes of a window: none with a modifier, in a field, in a dialog, or while they are turned off. */
export function listenForKeys(window: Window): void {
  window.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!preferences().shortcuts || isTaken(event.target)) return;
    if (keys.press(event.key, event.timeStamp)) event.preventDefault();
  });
}

function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]")) return true;
  return target instanceof Element && target.closest(`${TYPING}, [popover]`) !== null;
}

/** Binds keys while a component is shown. */
export function useKeys(name: string, bindings: readonly Binding[]): void {
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  useEffect(() => keys.add({ name, bindings: () => latest.current }), [name]);
}
