/** What a person prefers in this browser: one object in `localStorage`, level between tabs. */
import { useSyncExternalStore } from "react";

export interface Preferences {
  theme: "system" | "light" | "dark";
  /** Whether single keys do something. */
  shortcuts: boolean;
  wrap: boolean | "auto";
  timestamps: "off" | "clock" | "start" | "line";
  /** Size of output, in px. */
  textSize: number;
}

const KEY = "runcast preferences";
const CHOICES: { [Name in keyof Preferences]: (value: unknown) => boolean } = {
  theme: (value) => value === "system" || value === "light" || value === "dark",
  shortcuts: (value) => typeof value === "boolean",
  wrap: (value) => typeof value === "boolean" || value === "auto",
  timestamps: (value) => typeof value === "string" && ["off", "clock", "start", "line"].includes(value),
  textSize: (value) => typeof value === "number" && value >= 9 && value <= 24,
};
const DEFAULTS: Preferences = { theme: "system", shortcuts: true, wrap: "auto", timestamps: "off", textSize: 13 };

let current = read();
const listeners = new Set<() => void>();

/** Returns the preferences now. */
export function preferences(): Preferences {
  return current;
}

/** Changes some of them, in all tabs of this browser. */
export function prefer(changes: Partial<Preferences>): void {
  take({ ...current, ...changes });
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // a browser that keeps nothing forgets them with the tab
  }
}

/** Calls back on every change; returns what stops it. */
export function onPreferences(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(onPreferences, preferences);
}

/** Returns what a stored text says, and the default of whatever it does not say, or says wrongly. */
export function parsed(text: string | null): Preferences {
  const found = object(text);
  const good = Object.entries(CHOICES).filter(([name, isChoice]) => isChoice(found[name]));
  return { ...DEFAULTS, ...Object.fromEntries(good.map(([name]) => [name, found[name]])) };
}

function object(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function read(): Preferences {
  try {
    return parsed(localStorage.getItem(KEY));
  } catch {
    return DEFAULTS;
  }
}

function take(changed: Preferences): void {
  current = changed;
  for (const listener of listeners) listener();
}

globalThis.addEventListener?.("storage", (event) => {
  if (event.key === KEY || event.key === null) take(parsed(event.newValue));
});
